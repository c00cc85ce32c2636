// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace concurrent::futures::inline v0::detail {

/// How many calls of a pool of processes, here or on nodes, may wait, where `max_pending` says so. Belongs to the
/// pool's lock. How many are sent ahead to workers is ProcessPool::queued_calls() (queue_limits.hpp), or NodeCredits.
///
/// A submitter that finds that many calls waiting does the manager's work while it waits, like a thread that waits for
/// a result, and for the same reason: what makes room is a result that has come. It waits on a count that whoever holds
/// the lock raises when there is room, or will never be any. A place that it has been given is reserved until its call
/// is among those that wait, so that there are never more than `max_pending`; only a map that has no other call on its
/// way goes past it, by one.
///
/// Calls that are done and whose callbacks have not run yet are kept in memory, too: if callbacks are slower than the
/// calls, there would be ever more of them. So a submitter waits, outside of callbacks, also where `max_pending` of
/// them wait for the manager. That wait has an end if none of them returns: the submitter may hold a lock that a
/// callback needs.
///
/// `Pool` befriends it: it has is_closed(), throw_closed(), waiting_calls(), is_own_thread(), pump_until() and park().
class PendingLimit {
 public:
  /// `patience`: how long a submitter waits for callbacks none of which returns.
  explicit PendingLimit(std::optional<std::size_t> most,
                        std::chrono::nanoseconds patience = std::chrono::seconds(1)) noexcept
      : most_(most), patience_(patience) {}

  /// A place for a call that is about to be made. False: there is none, and the call is not to wait for one. `lock` is
  /// let go of while it waits. Throws: what throw_closed() throws; QueueFull in the manager's thread.
  template <class Pool, class Lock>
  CONCURRENT_FUTURES_UNCHECKED_LOCKS bool reserve(Pool& pool, Lock& lock, Admission admission) {
    for (bool stuck = false;;) {
      if (pool.is_closed()) pool.throw_closed();
      const bool only_callbacks = has_place(pool);  // are what there may be too many of
      if (only_callbacks && (callbacks_ < *most_ || stuck || pool.is_own_thread())) break;
      if (admission == Admission::attempt) return false;
      if (pool.is_own_thread()) throw_queue_full(*most_, "a callback that waits holds up what makes room");
      const Deadline deadline = only_callbacks ? std::chrono::steady_clock::now() + patience_ : (Deadline::max)();
      const std::uint64_t returned = returned_;
      ++waiting_;
      const std::uint32_t seen = changes_.load(std::memory_order_relaxed);
      lock.unlock();
      if (!pool.pump_until(changes_, seen, deadline)) pool.park(changes_, seen, deadline);
      lock.lock();
      --waiting_;
      stuck = only_callbacks && returned_ == returned && std::chrono::steady_clock::now() >= deadline;
    }
    ++reserved_;
    return true;
  }
  /// The call waits now, or has not been made.
  template <class Pool>
  void give_back(const Pool& pool) noexcept {
    --reserved_;
    tell(pool);
  }
  /// A call's callbacks are left to the manager.
  void leave_callbacks() noexcept { ++callbacks_; }
  /// They have run.
  template <class Pool>
  void callbacks_returned(const Pool& pool) noexcept {
    --callbacks_;
    ++returned_;
    tell(pool);
  }
  /// There may be room, or the pool takes no more calls: those who wait look again.
  template <class Pool>
  void tell(const Pool& pool) noexcept {
    if (waiting_ == 0 || (!pool.is_closed() && (!has_place(pool) || callbacks_ >= *most_))) return;
    changes_.fetch_add(1, std::memory_order_release);
    multiprocessing::detail::futex_wake(changes_);
  }

 private:
  using Deadline = multiprocessing::detail::Deadline;

  template <class Pool>
  CONCURRENT_FUTURES_UNCHECKED_LOCKS bool has_place(const Pool& pool) const noexcept {  // the lock is the pool's
    return pool.waiting_calls() + reserved_ < *most_;
  }

  const std::optional<std::size_t> most_;
  const std::chrono::nanoseconds patience_;
  std::size_t reserved_ = 0;
  std::size_t waiting_ = 0;                // threads
  std::size_t callbacks_ = 0;              // calls whose callbacks the manager has yet to run
  std::uint64_t returned_ = 0;             // those that it has run
  std::atomic<std::uint32_t> changes_{0};  // read without the lock
};

}  // namespace concurrent::futures::inline v0::detail
