// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <atomic>
#include <climits>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Something that threads wait for with a lock held that guards it. What of std::condition_variable is used here, for
/// any lock, and at a tenth of its text.
///
/// Whoever changes what is waited for does so under the lock, and notifies then or afterwards. Who waits has counted
/// itself in and read `changes_` under the same lock, so that a notification that comes before it sleeps changes the
/// word on which it is about to sleep.
class Condition {
 public:
  Condition() noexcept = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  /// Lets go of the lock, waits, until the deadline at most, and takes it again. Returns for no reason, too: look
  /// again.
  template <class Lock>
  CONCURRENT_FUTURES_UNCHECKED_LOCKS void wait(
      Lock& lock, multiprocessing::detail::Deadline deadline = (multiprocessing::detail::Deadline::max)()) {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    const std::uint32_t seen = changes_.load(std::memory_order_relaxed);
    lock.unlock();
    multiprocessing::detail::futex_wait(changes_, seen, deadline);
    lock.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  /// Until `done()`, which is asked with the lock.
  template <class Lock, class Done>
  CONCURRENT_FUTURES_UNCHECKED_LOCKS void wait(Lock& lock, Done done) {
    while (!done()) wait(lock);
  }

  /// No system call where nobody waits.
  void notify_one() noexcept { notify(1); }
  void notify_all() noexcept { notify(INT_MAX); }

 private:
  void notify(int count) noexcept {
    if (waiting_.load(std::memory_order_relaxed) == 0) return;
    changes_.fetch_add(1, std::memory_order_relaxed);
    multiprocessing::detail::futex_wake(changes_, count);
  }

  std::atomic<std::uint32_t> changes_{0};
  std::atomic<std::uint32_t> waiting_{0};  // threads
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
