// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>

#include <chrono>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// The instant `timeout` from now. What is negative or not a number is now; what lies beyond the clock is never.
template <class Rep, class Period>
Deadline deadline_after(const std::chrono::duration<Rep, Period>& timeout) {
  const Deadline now = std::chrono::steady_clock::now();
  // In floating point nothing overflows, whatever the unit.
  const double seconds = std::chrono::duration<double>(timeout).count();
  if (!(seconds > 0)) return now;
  if (seconds >= std::chrono::duration<double>((Deadline::max)() - now).count() * 0.5) return (Deadline::max)();
  return now + std::chrono::ceil<Deadline::duration>(timeout);
}

inline bool has_passed(Deadline deadline) {
  return deadline != (Deadline::max)() && std::chrono::steady_clock::now() >= deadline;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
