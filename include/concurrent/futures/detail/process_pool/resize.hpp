// SPDX-License-Identifier: BSL-1.0
// How many work: set_max_workers.
//
// The segment is laid out for more workers than the pool is made for, which costs addresses alone; memory for the words
// of more workers is asked for when the number first exceeds what it has been. One that is too many is told to leave as
// a worker is whose task is to be stopped (WorkerEntry::leave in layout.hpp), and by nothing else: it begins no other
// call, one that it runs it finishes, and one that it had just claimed goes back: when its end is reported, or sooner
// if it says that it runs its finalizer (look_after_calls). Until it has gone it counts against the number, so that
// there are never more processes than are allowed now.
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How many workers one that is made for that many can grow to.
CONCURRENT_FUTURES_INLINE int ProcessPool::most_for(int first_workers) noexcept {
  constexpr int fewest = 64;
  constexpr int growth = 4;
  constexpr int most = 60'000;  // a worker has 16 bits in a call's word
  return (std::min)((std::max)(fewest, growth * first_workers), most);
}
/// Where workers are replaced, the next one need not wait until the system has cleared the last one away.
inline std::uint32_t ProcessPool::slots_for(int workers) const noexcept {
  const bool are_replaced = options_.max_tasks_per_child || (options_.idle_timeout && options_.finalizer);
  return static_cast<std::uint32_t>(workers + (are_replaced ? (std::min)(workers, 64) : 0));
}
/// Enough for what waits, what runs, and results that nobody has taken.
inline std::uint32_t ProcessPool::records_for(int workers, std::uint32_t ring_capacity) const noexcept {
  return static_cast<std::uint32_t>(queued_calls(workers)) + slots_for(workers) * (ring_capacity + 1);
}

/// Before more workers than ever are allowed; one thread at a time. Throws std::system_error or std::bad_alloc; nothing
/// has happened then.
inline void ProcessPool::make_room_for(int workers) {
  const std::uint32_t slot_count = slots_for(workers);
  {
    const ipc::MutexLock lock(mutex_);
    if (slot_count <= workers_.room()) return;
  }
  const std::uint32_t records = records_for(workers, segment_.geometry().ring_capacity);
  segment_.grow(slot_count, records);  // without the lock: the system clears pages for it
  const ipc::MutexLock lock(mutex_);
  ledger_.grow(records);
  workers_.grow(slot_count);
}

CONCURRENT_FUTURES_INLINE void ProcessPool::set_max_workers(int workers) {
  if (admission_.is_unstarted()) start_now();
  if (!started()) return;  // it was shut down before its first use
  if (workers <= 0 || workers > limits_.most) {
    const auto& geometry = segment_.geometry();
    throw std::invalid_argument(
        "concurrent::futures: set_max_workers: the number is " + std::to_string(workers) +
        "; for this executor it must be from 1 to " + std::to_string(limits_.most) +
        (geometry.workers == geometry.first_workers
             ? ": there was no address space for more when it was made (other pools have it, or ulimit -v)."
             : ": 64, or four times the max_workers that it was made with."));
  }
  {
    const ipc::MutexLock resizing(late_start_.mutex);
    make_room_for(workers);
    const ipc::MutexLock lock(mutex_);
    limits_.now.store(workers, std::memory_order_relaxed);
    calls_.set_limit(queued_calls(workers));
    note_held_calls();
    for (const bool busy_too : {false, true}) {
      for (std::uint32_t i = workers_.size(); i-- > 0 && workers_.accepting() > static_cast<std::uint32_t>(workers);) {
        if (!workers_.is_occupied(i) || workers_[i].retiring || workers_[i].stopping) continue;
        if (!busy_too && workers_[i].holds_call) continue;
        workers_.resign(i);
        tell_to_leave(i);
        calls_.wake_worker(i);
      }
    }
    feed_call_queue();
  }
  wake_manager();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
