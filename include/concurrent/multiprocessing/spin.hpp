// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <sched.h>

#include <chrono>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {

/// How long a side polls shared memory before it sleeps. Polling makes a hand-over a hundred times faster than a sleep
/// and costs processor time while there is nothing to hand over.
class Spin {
 public:
  /// Polls for as long as it has paid lately, at most about what a sleep and a wake-up cost. The default. On a machine
  /// with one usable processor it does not poll.
  static constexpr Spin adaptive() noexcept { return Spin(std::chrono::microseconds(50)); }
  /// Never polls: for hosts that are shared with others, or metered.
  static constexpr Spin none() noexcept { return Spin(std::chrono::nanoseconds(0)); }
  /// As adaptive(), but for at most `limit`.
  static constexpr Spin at_most(std::chrono::nanoseconds limit) noexcept { return Spin(limit); }

  /// The longest time that a side polls.
  constexpr std::chrono::nanoseconds limit() const noexcept { return limit_; }

 private:
  explicit constexpr Spin(std::chrono::nanoseconds limit) noexcept
      : limit_(limit < std::chrono::nanoseconds(0) ? std::chrono::nanoseconds(0) : limit) {}
  std::chrono::nanoseconds limit_;
};

namespace detail {

inline void pause_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");  // most processors do nothing at a yield; this waits about as long as a pause of x86 does
#elif defined(__riscv)
  asm volatile(".4byte 0x0100000f");  // pause, which processors and assemblers without Zihintpause take as a fence
#endif
}

inline std::int64_t monotonic_nanoseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// One stretch of polling: `again()` is true until the time is used up. Looks at the clock now and then only, and
/// lets other threads of this processor run, so that polling does not starve the one it waits for.
class Polling {
 public:
  explicit Polling(std::int64_t budget) noexcept : budget_(budget) {}

  bool again() noexcept {
    if (budget_ <= 0) return false;
    if (++rounds_ % rounds_a_look != 0) {
      pause_processor();
      return true;
    }
    const std::int64_t now = monotonic_nanoseconds();
    if (start_ == 0) start_ = now;
    if (now - start_ > yield_after) ::sched_yield();
    return now - start_ < budget_;
  }

 private:
  static constexpr std::uint32_t rounds_a_look = 32;
  static constexpr std::int64_t yield_after = 3'000;

  std::int64_t budget_;
  std::int64_t start_ = 0;
  std::uint32_t rounds_ = 0;
};

/// Waits longer and longer between looks, for those who would hold up the one that they wait for by looking: each look
/// at a word takes its cache line away from whoever writes it.
class Backoff {
 public:
  /// No wait is of `longest` nanoseconds or more; all together take less than twice that.
  explicit Backoff(std::int64_t longest) noexcept : longest_(longest) {}

  /// Waits; false: it was the last time.
  bool again() noexcept {
    for (const std::int64_t end = monotonic_nanoseconds() + step_; monotonic_nanoseconds() < end;) pause_processor();
    step_ *= 2;
    return step_ < longest_;
  }

 private:
  std::int64_t longest_;
  std::int64_t step_ = 50;
};

/// Learns how long it pays to poll: longer while polling finds something, shorter while it ends in a sleep.
class SpinBudget {
 public:
  explicit SpinBudget(std::int64_t limit) noexcept : limit_(limit), budget_(limit / 2) {}

  std::int64_t nanoseconds() const noexcept { return budget_; }
  void paid() noexcept { budget_ = budget_ * 2 < limit_ ? budget_ * 2 + 1 : limit_; }
  void did_not_pay() noexcept {
    const std::int64_t least = limit_ / 16;
    budget_ = budget_ / 2 > least ? budget_ / 2 : least;
  }

 private:
  std::int64_t limit_;
  std::int64_t budget_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
