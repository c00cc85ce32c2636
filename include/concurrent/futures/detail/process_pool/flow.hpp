// SPDX-License-Identifier: BSL-1.0
// How much waits, and how many work: max_pending and set_max_workers.
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <stdexcept>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

CONCURRENT_FUTURES_INLINE bool ProcessPool::reserve(Admission admission) {
  mpd::MutexLock lock(mutex_);
  return pending_limit_.reserve(*this, lock, admission);
}

CONCURRENT_FUTURES_INLINE void ProcessPool::give_back_place() noexcept {
  const mpd::MutexLock lock(mutex_);
  pending_limit_.give_back(*this);
}

/// With the lock: from now on submit throws, also where it waits for room.
inline void ProcessPool::shut_down() noexcept {
  lifecycle_.shut_down();
  pending_limit_.tell(*this);
}
inline void ProcessPool::break_down(const std::string& reason) {
  lifecycle_.break_down(reason);
  pending_limit_.tell(*this);
}

// ---- set_max_workers
//
// The segment has room for as many workers as the pool was made for, so that the number moves below that. One that is
// too many is told to leave as a worker is whose task is to be stopped (WorkerEntry::leave in layout.hpp), and by
// nothing else: it begins no other call, a call that it has claimed is put back when its end is reported, and one that
// it runs it finishes. Until it has gone it counts against the number, so that there are never more processes than are
// allowed now.

CONCURRENT_FUTURES_INLINE void ProcessPool::set_max_workers(int workers) {
  if (workers <= 0 || workers > most_workers_) {
    throw std::invalid_argument("concurrent::futures: set_max_workers: the number is " + std::to_string(workers) +
                                "; it must be from 1 to " + std::to_string(most_workers_) +
                                ", the max_workers that this executor was made with. Make it with the largest number "
                                "that you will need, and set a smaller one then.");
  }
  if (admission_.is_unstarted()) start_now();
  {
    const mpd::MutexLock lock(mutex_);
    max_workers_.store(workers, std::memory_order_relaxed);
    calls_.set_limit(static_cast<std::size_t>(workers) + static_cast<std::size_t>(options_.extra_queued_calls));
    if (workers_.accepting() > static_cast<std::uint32_t>(workers) && lifecycle_.may_start_workers()) {
      note_held_calls();
      for (const bool busy_too : {false, true}) {
        for (std::uint32_t i = workers_.size();
             i-- > 0 && workers_.accepting() > static_cast<std::uint32_t>(workers);) {
          if (!workers_.is_occupied(i) || workers_[i].retiring || workers_[i].stopping) continue;
          if (!busy_too && workers_[i].holds_call) continue;
          workers_.resign(i);
          tell_to_leave(i);
          calls_.wake_worker(i);
        }
      }
    }
    feed_call_queue();
  }
  wake_manager();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
