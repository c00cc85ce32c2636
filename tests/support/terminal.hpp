// SPDX-License-Identifier: BSL-1.0
// What a program writes to standard error, when that is a terminal and when it is a file.
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <system_error>
#include <thread>

namespace support {

/// Runs `body` with this descriptor as standard error.
inline void with_standard_error(int descriptor, const std::function<void()>& body) {
  struct Restored {
    int saved = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    ~Restored() {
      ::dup2(saved, STDERR_FILENO);
      ::close(saved);
    }
  } restored;
  ::dup2(descriptor, STDERR_FILENO);
  ::close(descriptor);
  body();
}

/// What `body` draws on a terminal of so many columns. Whatever `body` throws comes out.
inline std::string drawn_on_terminal(unsigned short columns, const std::function<void()>& body) {
  int master = -1;
  int terminal = -1;
  winsize size{};
  size.ws_row = 25;
  size.ws_col = columns;
  if (::openpty(&master, &terminal, nullptr, nullptr, &size) != 0)
    throw std::system_error(errno, std::generic_category(), "openpty");
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  std::string text;
  // Reads along, for a terminal holds only a little; until the last writer has closed it.
  std::thread reader([&] {
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(master, buffer.data(), buffer.size())) > 0 || (n < 0 && errno == EINTR);)
      if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
  });
  struct Joined {
    std::thread& reader;
    int master;
    ~Joined() { end(); }
    void end() {
      if (!reader.joinable()) return;
      reader.join();
      ::close(master);
    }
  } joined{reader, master};
  with_standard_error(terminal, body);
  joined.end();
  return text;
}

/// What `body` writes to a file.
inline std::string written_to_file(const std::function<void()>& body) {
  const int file = ::memfd_create("standard error", MFD_CLOEXEC);
  const int copy = ::dup(file);
  with_standard_error(copy, body);
  std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
  if (::pread(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) text = "it cannot be read";
  ::close(file);
  return text;
}

}  // namespace support
