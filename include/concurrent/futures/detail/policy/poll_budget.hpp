// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/least.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// For how long a thread that waits for a result polls before it sleeps: longer while that pays, shorter while it ends
/// in a sleep; and hardly at all where its processor is needed for a task. Hints, that any thread may read and write.
class PollBudget {
 public:
  /// Of sleeps as short as that, in nanoseconds, polling would have been the better half: about what falling asleep and
  /// waking cost.
  static constexpr std::int64_t short_sleep = 15'000;

  /// Before any thread uses it. `limit`: the most, in nanoseconds; 0: nobody polls.
  void open(std::int64_t limit, std::size_t processors) noexcept {
    limit_ = limit;
    processors_ = processors;
    budget_.store(limit / 2, std::memory_order_relaxed);
  }

  std::size_t outstanding() const noexcept { return outstanding_.load(std::memory_order_relaxed); }
  void note_outstanding(std::size_t calls) noexcept { outstanding_.store(calls, std::memory_order_relaxed); }

  /// Whether the workers have use for all the processors, so that a thread would poll on one that a task needs; unless
  /// tasks are so short that sleeping costs more than they do.
  bool cores_oversubscribed(std::size_t workers) const noexcept {
    return short_sleeps_.load(std::memory_order_relaxed) < 2 && outstanding() >= processors_ && workers >= processors_;
  }
  /// One stretch of polling by a thread of a pool that has so many workers: until `done()`, which is what it waits for,
  /// or nothing has come for the time that polling is worth. `pump()` true: something has come, though not yet what is
  /// waited for; the stretch begins anew then, unless it is `late()`. Returns what `done` said last. `Polling` keeps
  /// the time.
  template <class Polling, class Done, class Pump, class Late>
  bool poll(std::size_t workers, const Done& done, const Pump& pump, const Late& late) {
    const bool oversubscribed = cores_oversubscribed(workers);
    const std::int64_t budget = nanoseconds(oversubscribed);
    Polling polling(budget);
    bool is_done = false;
    while (!(is_done = done())) {
      if (pump()) {
        if (late()) break;
        polling = Polling(budget);
      } else if (!polling.again()) {
        break;
      }
    }
    if (!oversubscribed) learn(budget, is_done);
    return is_done;
  }

  /// For how long to poll now, in nanoseconds; 1/64 of the limit, enough for what is about to come, on a core that is
  /// needed.
  std::int64_t nanoseconds(bool oversubscribed) const noexcept {
    return oversubscribed ? limit_ / 64 : budget_.load(std::memory_order_relaxed);
  }
  /// Whether polling for that long has brought anything. Between limit/16, so that it is tried again, and the limit.
  void learn(std::int64_t polled, bool paid) noexcept {
    budget_.store(
        paid ? pickle::detail::least(polled * 2 + 100, limit_) : pickle::detail::greatest(polled / 2, limit_ / 16),
        std::memory_order_relaxed);
  }
  /// A thread has slept for so long, in nanoseconds.
  void slept(std::int64_t nanoseconds) noexcept {
    const int short_sleeps = short_sleeps_.load(std::memory_order_relaxed);
    if (nanoseconds < short_sleep) {
      if (short_sleeps < 4) short_sleeps_.store(short_sleeps + 1, std::memory_order_relaxed);
    } else if (short_sleeps > 0) {
      short_sleeps_.store(short_sleeps - 1, std::memory_order_relaxed);
    }
  }

 private:
  std::int64_t limit_ = 0;
  std::size_t processors_ = 1;
  std::atomic<std::int64_t> budget_{0};
  std::atomic<int> short_sleeps_{0};         // how often of late
  std::atomic<std::size_t> outstanding_{0};  // calls, for those without the lock
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
