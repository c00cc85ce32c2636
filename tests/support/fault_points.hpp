// SPDX-License-Identifier: BSL-1.0
// Makes something go wrong at a named instant of the protocol (multiprocessing/detail/fault_point.hpp), in whichever
// process passes it. The orders stand in the environment, so that they reach a process however it was started.
#pragma once

#include <signal.h>
#include <unistd.h>
#include <concurrent/multiprocessing/detail/fault_point.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "support/shared.hpp"

namespace support {

enum class FaultAction { kill, stop, leave, compute };

/// While it lives: the `hit`-th passing of `point`, in all processes together, does `action` to the process.
class FaultAt {
 public:
  static constexpr const char* variable = "PROCESS_POOL_FAULT";

  FaultAt(const std::string& point, FaultAction action, std::uint32_t hit = 1) : passed_{Word::make_array(2)} {
    const Word word = passed_.word;
    ::setenv(variable,
             (point + " " + std::to_string(static_cast<int>(action)) + " " + std::to_string(hit) + " " +
              std::to_string(word.owner) + " " + std::to_string(word.descriptor) + " " + std::to_string(word.index))
                 .c_str(),
             1);
  }
  FaultAt(const FaultAt&) = delete;
  FaultAt& operator=(const FaultAt&) = delete;
  ~FaultAt() { ::unsetenv(variable); }

  /// How often the point has been passed.
  std::uint32_t passed() const { return passed_.value(); }
  bool sprung(std::chrono::nanoseconds limit = patience) const { return Gate{passed_.word.at(1)}.opens_within(limit); }

 private:
  Counter passed_;
};

#ifdef CONCURRENT_FUTURES_TEST_FAULTS
inline void pass_fault_point(const char* point) noexcept {
  const char* const orders = std::getenv(FaultAt::variable);
  if (orders == nullptr) return;
  const std::size_t size = std::strlen(point);
  if (std::strncmp(orders, point, size) != 0 || orders[size] != ' ') return;
  int action = 0;
  unsigned hit = 0;
  Word word;
  if (std::sscanf(orders + size, "%d %u %d %d %u", &action, &hit, &word.owner, &word.descriptor, &word.index) != 5)
    return;
  if (Counter{word}.add() != hit) return;
  Gate{word.at(1)}.open();
  switch (static_cast<FaultAction>(action)) {
    case FaultAction::kill:
      ::kill(::getpid(), SIGKILL);
      break;
    case FaultAction::stop:
      ::kill(::getpid(), SIGSTOP);
      break;
    case FaultAction::leave:
      ::_exit(7);
    case FaultAction::compute: {  // as one does that others keep from the processor: it goes on, but not now
      const auto start = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(400)) {
      }
    }
  }
}

/// Set as the program starts, so that also a fresh image of it obeys.
inline const bool fault_hook_is_set = [] {
  concurrent::multiprocessing::detail::fault_hook = &pass_fault_point;
  return true;
}();
inline constexpr bool has_fault_points = true;
#else
inline constexpr bool has_fault_points = false;
#endif

}  // namespace support
