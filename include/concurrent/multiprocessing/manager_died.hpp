// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <stdexcept>
#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::multiprocessing::inline v0 {

/// The server process of a Manager has ended: it was shut down, killed, or has crashed. Of a call that was in progress
/// nobody knows whether it was applied.
///
/// Python: what a proxy throws then: `BrokenPipeError`, `ConnectionRefusedError`, `EOFError`.
class ManagerDied : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// For the library: of the server process of that id, with how it ended.
  ManagerDied(const std::string& what, pid_t pid, std::string how)
      : std::runtime_error(what), how_(std::move(how)), pid_(pid) {}

  /// The process id of the server; 0: not known.
  pid_t pid() const noexcept { return pid_; }
  /// How it ended, "was killed by SIGSEGV", as far as this process was told.
  const std::string& how() const noexcept { return how_; }

 private:
  std::string how_;
  pid_t pid_ = 0;
};

}  // namespace concurrent::multiprocessing::inline v0
