// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace concurrent::futures::inline v0::detail {

using multiprocessing::detail::Deadline;

class FutureStateBase;
class ResultDestination;
class Waiter;

/// An entry in the list of those who want to hear that a future is done: a callback, or a link to a waiting thread.
/// Changed only under the list's lock.
struct Link {
  Link* next = nullptr;
  Link* previous = nullptr;
  Waiter* waiter = nullptr;  // none: a callback
  bool linked = false;
};

/// What ties one waiter to one future. It belongs to the waiter and stays where it is while it is linked.
struct WaiterLink : Link {
  WaiterLink* next_fired = nullptr;          // in the order of Waiter::take_fired
  ResultDestination* destination = nullptr;  // the waiter's memory for the result, if it has some
};

/// A thread that waits for several futures at once. Its word changes exactly when the thread has something to do.
class Waiter {
 public:
  static constexpr std::uint32_t quiet = 0;   // nothing has happened
  static constexpr std::uint32_t asleep = 1;  // likewise, and the thread sleeps on the word
  static constexpr std::uint32_t event = 2;   // enough has happened

  /// Wakes after `threshold` futures, and at the first that failed if `on_failure`. With `collects` it wakes at each
  /// and keeps them for `take_fired`.
  Waiter(std::size_t threshold, bool on_failure, bool collects) noexcept
      : remaining_(threshold), on_failure_(on_failure), collects_(collects) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  std::atomic<std::uint32_t>& word() noexcept { return word_; }

  bool has_event() const noexcept { return word_.load(std::memory_order_acquire) == event; }

  /// Called by who finishes the future, under the lock of its list, so that the waiter cannot go away meanwhile; and by
  /// the waiter itself for a future that was done before it could be linked.
  void fire(WaiterLink& link, bool failed) noexcept {
    bool wake = collects_;
    if (collects_) {
      link.next_fired = fired_.load(std::memory_order_relaxed);
      while (
          !fired_.compare_exchange_weak(link.next_fired, &link, std::memory_order_release, std::memory_order_relaxed)) {
      }
    } else {
      wake = remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1 || (failed && on_failure_);
    }
    if (wake && word_.exchange(event, std::memory_order_release) == asleep) {
      multiprocessing::detail::futex_wake(word_, 1);
    }
  }

  /// The links that fired since the last call, oldest first. Resets the word, so that the next event is seen.
  WaiterLink* take_fired() noexcept {
    word_.exchange(quiet, std::memory_order_acquire);  // who has said `event` before has fired before
    WaiterLink* newest_first = fired_.exchange(nullptr, std::memory_order_acquire);
    WaiterLink* oldest_first = nullptr;
    while (newest_first != nullptr) {
      WaiterLink* const next = newest_first->next_fired;
      newest_first->next_fired = oldest_first;
      oldest_first = newest_first;
      newest_first = next;
    }
    return oldest_first;
  }

  /// Sleeps until the word says `event`, or for no reason; false: the deadline has passed. `sleep_on(word, value,
  /// deadline)` does the sleeping.
  template <class SleepOn>
  bool sleep(Deadline deadline, SleepOn&& sleep_on) {
    std::uint32_t seen = quiet;
    word_.compare_exchange_strong(seen, asleep, std::memory_order_relaxed);
    if (word_.load(std::memory_order_relaxed) != asleep) return true;
    const bool in_time = sleep_on(word_, asleep, deadline);
    seen = asleep;
    return !word_.compare_exchange_strong(seen, quiet, std::memory_order_relaxed) || in_time;
  }
  bool sleep(Deadline deadline) {
    return sleep(deadline, [](const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline until) {
      return multiprocessing::detail::futex_wait(word, value, until);
    });
  }
  /// The same through the executor of `state`.
  bool sleep_through(FutureStateBase& state, Deadline deadline);

 private:
  std::atomic<std::uint32_t> word_{quiet};
  std::atomic<std::size_t> remaining_;
  std::atomic<WaiterLink*> fired_{nullptr};
  const bool on_failure_;
  const bool collects_;
};

/// When to look again whether the last handle through which a future could be finished has gone: its end wakes nobody.
/// Only for futures that no executor has.
inline Deadline next_look_for_orphans() { return std::chrono::steady_clock::now() + std::chrono::milliseconds(20); }

/// A link for a future that stands at some index of an array.
struct IndexedLink : WaiterLink {
  std::size_t index = 0;
};

}  // namespace concurrent::futures::inline v0::detail
