// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <array>
#include <chrono>
#include <cstddef>

namespace concurrent::futures::inline v0 {
namespace detail {

/// When this program was held up (Ctrl-Z and fg, a debugger, a frozen container), so that time limits count only time
/// in which it ran. Belongs to the pool's lock.
///
/// While tasks have limits, threads of the pool beat here, each at least every `interval`: the manager as it looks
/// after the tasks, and the monitor, which a callback cannot keep from it. A beat that comes `late` or more after it
/// was due says that none of them ran meanwhile: the program was held up from when the beat was due until now. Whoever
/// is the first to run again finds that out before it looks at any limit. Shorter delays count as time in which it ran.
class HoldUps {
 public:
  using Time = std::chrono::nanoseconds;
  static constexpr Time interval = std::chrono::milliseconds(100);
  static constexpr Time late =
      std::chrono::milliseconds(250);                     // a busy machine hardly keeps two threads waiting longer
  static constexpr Time grace = std::chrono::seconds(1);  // what a running task has at least afterwards

  void beat(Deadline now) noexcept {
    if (due_ != Deadline{} && now - due_ >= late) note(now, now - due_);
    due_ = now + interval;
  }
  /// Nobody beats from now on.
  void rest() noexcept { due_ = {}; }

  /// The end of a limit on what began at `start`: hold-ups since do not count, and after the last there is the grace.
  Deadline end_of(Deadline start, Time limit) const noexcept {
    const Deadline end = start + limit + held_since(start);
    if (count_ == 0 || last().resumed < start) return end;
    return pickle::detail::greatest(end, last().resumed + grace);
  }

  /// How long it was held up since then.
  Time held_since(Deadline start) const noexcept {
    if (count_ == 0) return {};
    const std::size_t oldest = count_ > past_.size() ? count_ - past_.size() : 0;
    for (std::size_t i = count_; i-- > oldest;) {
      if (past_[i % past_.size()].resumed <= start) return last().total - past_[i % past_.size()].total;
    }
    return last().total - past_[oldest % past_.size()].total_before;
  }

 private:
  struct HoldUp {
    Deadline resumed;
    Time total_before;
    Time total;  // with this one
  };
  const HoldUp& last() const noexcept { return past_[(count_ - 1) % past_.size()]; }
  void note(Deadline now, Time length) noexcept {
    const Time before = count_ == 0 ? Time{} : last().total;
    past_[count_++ % past_.size()] = {now, before, before + length};
  }

  Deadline due_{};  // of the next beat; zero: there is none
  std::size_t count_ = 0;
  std::array<HoldUp, 16> past_{};  // a task that has lived through more is held to have run in the oldest
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
