// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// By how much another machine's clock differs from this one's, as far as messages tell. All in nanoseconds.
class ClockOffset {
 public:
  /// Asked at that time here, answered at that time there, and the answer was here at that time. The quicker, the
  /// better is it known; and it is less well known as time goes by, since no two clocks go alike.
  void learn(std::int64_t asked, std::int64_t there, std::int64_t answered) noexcept {
    const std::int64_t way = answered - asked;
    if (way_ >= 0 && way / 2 > way_ / 2 + (answered - learnt_) / drift) return;
    way_ = way;
    learnt_ = answered;
    offset_ = asked + way / 2 - there;
  }
  /// What this machine's clock showed at that time of the other one's.
  std::int64_t here(std::int64_t there) const noexcept { return there + offset_; }

 private:
  static constexpr std::int64_t drift = 10'000;  // a good clock is wrong by less than one in so many

  std::int64_t way_ = -1;  // there and back, when it was learnt; -1: never
  std::int64_t learnt_ = 0;
  std::int64_t offset_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
