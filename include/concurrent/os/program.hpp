// SPDX-License-Identifier: BSL-1.0
// This program: its file, its name, how it is started once more, and how it ends.
#pragma once

#include <concurrent/version.hpp>

#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#if !defined(__GLIBC__) || __GLIBC__ < 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ < 34)
#define CONCURRENT_FUTURES_NO_CLOSEFROM
#include <dirent.h>
#include <fcntl.h>
#endif

namespace concurrent::os::inline v0 {

/// By this path the program's file can be opened and started, also where it was replaced or removed.
inline constexpr const char* program_file = "/proc/self/exe";
/// False, and errno set: there is no such path here.
inline bool has_program_file() noexcept {
  char target[1];
  return ::readlink(program_file, target, sizeof target) >= 0;
}

/// The name by which the program was started: main's argv[0].
inline const char* program_name() noexcept { return program_invocation_name; }

/// What is started has none of this process's descriptors from `first` on. 0, or an errno.
inline int close_from(posix_spawn_file_actions_t& actions, int first) noexcept {
#ifndef CONCURRENT_FUTURES_NO_CLOSEFROM
  return ::posix_spawn_file_actions_addclosefrom_np(&actions, first);
#else
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  int error = 0;
  while (const dirent* const entry = error == 0 ? ::readdir(folder) : nullptr) {
    const int fd = std::atoi(entry->d_name);
    if (fd >= first && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0)
      error = ::posix_spawn_file_actions_addclose(&actions, fd);
  }
  ::closedir(folder);
  return error;
#endif
}
#undef CONCURRENT_FUTURES_NO_CLOSEFROM

}  // namespace concurrent::os::inline v0
