// SPDX-License-Identifier: BSL-1.0
// Files of memory, which have no name in any file system.
#pragma once

#include <concurrent/os/descriptor.hpp>

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace concurrent::os::inline v0 {

/// Anonymous shared memory without a name in any file system, empty, to be sealed. `name` is what maps and links show.
/// -1, and errno set: there is none to be had.
inline int open_memory_file(const char* name) noexcept {
  const int fd = static_cast<int>(::syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const int file = above_streams(fd);
  // Was it a stream for a moment, another thread may have printed into it.
  if (file >= 0 && file != fd && ::ftruncate(file, 0) != 0) {
    const int error = errno;
    ::close(file);
    errno = error;
    return -1;
  }
  return file;
}

/// Whether a descriptor of this process's is a memory file that was given `name`. Not known (no /proc): false.
inline bool is_memory_file(int descriptor, const char* name) noexcept {
  char link[32];
  char target[64] = {};
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const std::size_t length = std::strlen(name);
  return ::readlink(link, target, sizeof target - 1) > 0 && std::strncmp(target, "/memfd:", 7) == 0 &&
         std::strncmp(target + 7, name, length) == 0 && target[7 + length] == ' ';  // " (deleted)" follows
}

/// The memory file that was given `name` and that another process has under `descriptor`, without rights to trace that.
/// -1: it has none; `error` says why not, where the system does, and is left as it is otherwise.
inline int open_memory_file_of(pid_t pid, int descriptor, const char* name, int& error) noexcept {
  char link[48];
  char target[64] = {};
  std::snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, descriptor);
  // A look at where the link leads first: opening something else could block or do things.
  if (::readlink(link, target, sizeof target - 1) < 0) {
    const int missing = errno;
    if (missing != ENOENT || ::access("/proc/self/fd", F_OK) == 0) error = missing;  // without /proc that says nothing
    return -1;
  }
  if (std::strncmp(target, "/memfd:", 7) != 0 || std::strncmp(target + 7, name, std::strlen(name)) != 0) return -1;
  const int file = above_streams(::open(link, O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (file < 0) error = errno;
  return file;
}

/// From here on nobody can make the file shorter or longer. False, and errno set: it cannot be sealed.
inline bool seal_size(int file) noexcept {
  return ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}
/// Whether nobody can make it shorter any more, so that what is mapped can be touched. False also of other files.
inline bool cannot_shrink(int file) noexcept {
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}
/// Whether seal_size has been called for it.
inline bool is_size_sealed(int file) noexcept {
  constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  const int has = ::fcntl(file, F_GET_SEALS);
  return has >= 0 && (has & seals) == seals;
}

/// Takes memory for a part of a file at once. False, and errno set: there is none, or (EOPNOTSUPP, ENOSYS) no such
/// call.
inline bool allocate_part(int file, std::uint64_t first, std::uint64_t size) noexcept {
  return ::fallocate(file, 0, static_cast<off_t>(first), static_cast<off_t>(size)) == 0;
}
/// Gives memory of a file back; those bytes are zeros then.
inline void forget_part(int file, std::uint64_t first, std::uint64_t size) noexcept {
  static_cast<void>(::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first),
                                static_cast<off_t>(size)));
}

}  // namespace concurrent::os::inline v0
