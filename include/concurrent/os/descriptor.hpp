// SPDX-License-Identifier: BSL-1.0
// Descriptors, which all close on exec from the moment that there are any.
#pragma once

#include <concurrent/version.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace concurrent::os::inline v0 {

/// The same file under a number that no standard stream has. A program may have been started with closed streams, and
/// what it prints must not go into a file of ours. Takes what a call has returned; -1 and errno stay as they are.
inline int above_streams(int fd) noexcept {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int higher = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(fd);
  errno = error;
  return higher;
}

/// A pipe: what is read, what is written. False, and errno set: there is none to be had.
inline bool open_pipe(int (&ends)[2], int flags = 0) noexcept { return ::pipe2(ends, O_CLOEXEC | flags) == 0; }

}  // namespace concurrent::os::inline v0
