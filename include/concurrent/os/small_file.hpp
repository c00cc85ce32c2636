// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace concurrent::os::inline v0 {

/// The beginning of a small file, of the kernel's most often; empty when it cannot be read.
inline std::string read_small_file(const std::string& path) {
  std::string text;
  const int fd = above_streams(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd < 0) return text;
  char bytes[4096];
  while (text.size() < 16 * sizeof bytes) {
    const ssize_t got = ::read(fd, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(bytes, static_cast<std::size_t>(got));
  }
  ::close(fd);
  return text;
}

/// The same for all processes of a machine until it is started again, and different on every other; empty: not known.
inline std::string id_of_this_start() { return read_small_file("/proc/sys/kernel/random/boot_id"); }

}  // namespace concurrent::os::inline v0
