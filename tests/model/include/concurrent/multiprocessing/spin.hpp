// SPDX-License-Identifier: BSL-1.0
// Stands before the library's own header of that name: who polls does not look at a clock, and has soon done so for
// long enough.
#pragma once

#define Polling PollingByTheClock
#define Backoff BackoffByTheClock
#include "../../../../../include/concurrent/multiprocessing/spin.hpp"
#undef Polling
#undef Backoff

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

class Polling {
 public:
  explicit Polling(std::int64_t) noexcept {}
  bool again() noexcept { return false; }
};
class Backoff {
 public:
  explicit Backoff(std::int64_t) noexcept {}
  bool again() noexcept { return false; }
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
