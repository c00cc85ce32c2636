// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace concurrent::pickle::inline v0::detail {

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

}  // namespace concurrent::pickle::inline v0::detail
