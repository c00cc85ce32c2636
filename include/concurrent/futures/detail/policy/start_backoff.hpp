// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <chrono>

namespace concurrent::futures::inline v0 {
namespace detail {

/// When to ask again for a worker that the system has refused: after 10 ms, then after twice as long each time, up to a
/// second; from the beginning once one has started. Belongs to the pool's lock.
class StartBackoff {
 public:
  static constexpr std::chrono::nanoseconds shortest = std::chrono::milliseconds(10);  // a fork takes 0.1 to 50 ms
  static constexpr std::chrono::nanoseconds longest = std::chrono::seconds(1);

  /// No worker is asked for until then.
  bool waits() const noexcept { return due_ != (Deadline::max)(); }
  Deadline due() const noexcept { return due_; }

  void refused(Deadline now) noexcept {
    due_ = now + delay_;
    delay_ = pickle::detail::least(delay_ * 2, longest);
  }
  void started() noexcept { delay_ = shortest; }
  /// True, once: it is time to ask again.
  bool take_due(Deadline now) noexcept {
    if (due_ > now) return false;
    due_ = (Deadline::max)();
    return true;
  }

 private:
  Deadline due_ = (Deadline::max)();
  std::chrono::nanoseconds delay_ = shortest;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
