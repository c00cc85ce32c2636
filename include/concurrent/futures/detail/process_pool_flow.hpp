// SPDX-License-Identifier: BSL-1.0
// How much waits, and how many work: max_pending and set_max_workers.
//
// A submitter that finds `max_pending` calls waiting does the manager's work while it waits, like a thread that waits
// for a result, and for the same reason: what makes room is a result that has come. It waits on `room_`, a count that
// whoever holds the lock raises when there is room, or will never be any. A place that it has been given is counted in
// `reserved_` until its call is in `pending_`, so that there are never more than `max_pending`; only a map that has no
// other call on its way goes past it, by one.
#pragma once

#include <concurrent/futures/detail/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/detail/call_queue.hpp>

#include <stdexcept>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

CONCURRENT_FUTURES_INLINE bool ProcessPool::reserve(Admission admission) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if ((gate_.load(std::memory_order_relaxed) & gate_closed) != 0) throw_closed();
    if (has_room()) break;
    if (admission == Admission::attempt) return false;
    if (is_own_thread()) throw_queue_full(*options_.max_pending, "a callback that waits holds up what makes room");
    ++waiting_for_room_;
    const std::uint32_t seen = room_.load(std::memory_order_relaxed);
    lock.unlock();
    if (!drive(room_, seen, (Deadline::max)())) doze(room_, seen, (Deadline::max)());
    lock.lock();
    --waiting_for_room_;
  }
  ++reserved_;
  return true;
}

CONCURRENT_FUTURES_INLINE void ProcessPool::give_back_place() noexcept {
  const std::lock_guard lock(mutex_);
  --reserved_;
  if (waiting_for_room_ != 0) tell_of_room();
}

inline bool ProcessPool::has_room() const noexcept { return pending_.size() + reserved_ < *options_.max_pending; }

/// With the lock, and when somebody waits: there may be room, or the pool takes no more calls.
inline void ProcessPool::tell_of_room() noexcept {
  if ((gate_.load(std::memory_order_relaxed) & gate_closed) == 0 && !has_room()) return;
  room_.fetch_add(1, std::memory_order_release);
  mpd::futex_wake(room_);
}

/// With the lock: from now on submit throws.
inline void ProcessPool::close_gate() noexcept {
  gate_.fetch_or(gate_closed, std::memory_order_seq_cst);
  if (waiting_for_room_ != 0) tell_of_room();
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
  if ((gate_.load(std::memory_order_acquire) & gate_unstarted) != 0) start_now();
  {
    const std::lock_guard lock(mutex_);
    max_workers_.store(workers, std::memory_order_relaxed);
    queue_->set_limit(static_cast<std::size_t>(workers + options_.extra_queued_calls));
    if (available_ > static_cast<std::uint32_t>(workers) && !no_more_workers_) {
      mark_places_with_calls();
      for (const bool busy_too : {false, true}) {
        for (std::uint32_t i = geometry_workers(); i-- > 0 && available_ > static_cast<std::uint32_t>(workers);) {
          if (places_[i].state == WorkerPlace::State::absent || places_[i].retiring || places_[i].stopping) continue;
          if (!busy_too && places_[i].has_call) continue;
          places_[i].retiring = places_[i].resigning = true;
          --available_;
          ++resigned_;
          tell_to_leave(i);
          segment_.worker(i).wake.store(0, std::memory_order_seq_cst);
          mpd::futex_wake(segment_.worker(i).wake, 1, true);
        }
      }
    }
    fill();
  }
  wake_manager();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
