// SPDX-License-Identifier: BSL-1.0
// Runs a program of the tests to its end, with what it wrote.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include "support/processes.hpp"
#include "support/shared.hpp"

namespace support {

struct Ran {
  int status = -1;      // exit status; 128 + signal when a signal ended it
  bool in_time = true;  // false: it was killed
  std::string out;
  std::string error;
  std::chrono::nanoseconds time{};
};

/// The folder that the running test program lies in.
inline std::string own_folder() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string text(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.substr(0, text.rfind('/'));
}

inline Ran run_program(std::vector<std::string> command, std::chrono::seconds limit = patience) {
  int out[2];
  int error[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(error, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  const auto start = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], 1);
    ::dup2(error[1], 2);
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(error[1]);
  Ran ran;
  // Whoever outlives the program would hold the pipes open: this waits for all of them.
  std::array<pollfd, 2> ends{{{out[0], POLLIN, 0}, {error[0], POLLIN, 0}}};
  for (int open = 2; open > 0;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(start + limit - Clock::now()).count();
    if (left <= 0 || ::poll(ends.data(), ends.size(), static_cast<int>(left)) == 0) {
      ran.in_time = false;
      for (const pid_t below : descendants(child)) ::kill(below, SIGKILL);
      ::kill(child, SIGKILL);
      break;
    }
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t size = ::read(ends[i].fd, buffer.data(), buffer.size());
      if (size > 0) {
        (i == 0 ? ran.out : ran.error).append(buffer.data(), static_cast<std::size_t>(size));
      } else if (size == 0 || errno != EINTR) {
        ends[i].fd = -1;
        --open;
      }
    }
  }
  ::close(out[0]);
  ::close(error[0]);
  const int status = wait_status(child);
  ran.time = Clock::now() - start;
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace support
