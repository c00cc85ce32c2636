// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

namespace concurrent::futures::inline v0::detail {

/// How many calls of a pool of processes may wait, where `max_pending` says so. Belongs to the pool's lock.
///
/// A submitter that finds that many calls waiting does the manager's work while it waits, like a thread that waits for
/// a result, and for the same reason: what makes room is a result that has come. It waits on a count that whoever holds
/// the lock raises when there is room, or will never be any. A place that it has been given is reserved until its call
/// is among those that wait, so that there are never more than `max_pending`; only a map that has no other call on its
/// way goes past it, by one.
///
/// `Pool` befriends it: it has is_closed(), throw_closed(), pending_, is_own_thread(), drive() and doze().
class PendingLimit {
 public:
  explicit PendingLimit(std::optional<std::size_t> most) noexcept : most_(most) {}

  bool is_set() const noexcept { return most_.has_value(); }

  /// A place for a call that is about to be made. False: there is none, and the call is not to wait for one. `lock` is
  /// let go of while it waits. Throws: what throw_closed() throws; QueueFull in the manager's thread.
  template <class Pool>
  bool reserve(Pool& pool, std::unique_lock<std::mutex>& lock, Admission admission) {
    for (;;) {
      if (pool.is_closed()) pool.throw_closed();
      if (has_room(pool)) break;
      if (admission == Admission::attempt) return false;
      if (pool.is_own_thread()) throw_queue_full(*most_, "a callback that waits holds up what makes room");
      ++waiting_;
      const std::uint32_t seen = changes_.load(std::memory_order_relaxed);
      lock.unlock();
      if (!pool.drive(changes_, seen, (Deadline::max)())) pool.doze(changes_, seen, (Deadline::max)());
      lock.lock();
      --waiting_;
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
  /// There may be room, or the pool takes no more calls: those who wait look again.
  template <class Pool>
  void tell(const Pool& pool) noexcept {
    if (waiting_ == 0 || (!pool.is_closed() && !has_room(pool))) return;
    changes_.fetch_add(1, std::memory_order_release);
    multiprocessing::detail::futex_wake(changes_);
  }

 private:
  using Deadline = multiprocessing::detail::Deadline;

  template <class Pool>
  bool has_room(const Pool& pool) const noexcept {
    return pool.pending_.size() + reserved_ < *most_;
  }

  const std::optional<std::size_t> most_;
  std::size_t reserved_ = 0;
  std::size_t waiting_ = 0;                // threads
  std::atomic<std::uint32_t> changes_{0};  // read without the lock
};

}  // namespace concurrent::futures::inline v0::detail
