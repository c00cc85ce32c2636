// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/signals.hpp>
#include <concurrent/version.hpp>

#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <string>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

inline std::string signal_name(int number) {
  if (const char* const name = os::signal_abbreviation(number)) return std::string("SIG") + name;
  return "signal " + std::to_string(number);
}

/// How a process ended, from the status that waitpid gives: "killed by SIGSEGV", "exited with status 3".
inline std::string describe_status(int status) {
  if (WIFSIGNALED(status)) {
    return "was killed by " + signal_name(WTERMSIG(status)) + (WCOREDUMP(status) ? " (core dumped)" : "");
  }
  return "exited with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
