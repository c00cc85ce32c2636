// SPDX-License-Identifier: BSL-1.0
// How a pool ends before its time, and how a worker is ended on purpose.
#pragma once

#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/process_pool/worker_death.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>

#include <sched.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Fails every unfinished future and stops the workers that are left.
inline void ProcessPool::break_pool(const std::string& reason) {
  std::uint32_t slot_count = 0;
  {
    const ipc::MutexLock lock(mutex_);
    break_down(reason);
    slot_count = workers_.size();  // from now on there are no more
  }
  CONCURRENT_FUTURES_FAULT_POINT("caller.breaks");
  for (std::uint32_t i = 0; i < slot_count; ++i) collect_all(i);
  ItemList items;
  {
    const ipc::MutexLock lock(mutex_);
    for (std::uint32_t i = 0; i < workers_.size(); ++i) signal_worker(i, SIGKILL);
    while (WorkItem* const item = ledger_.first_waiting()) {
      drop_call(*item);
      items.push_back(*item);
    }
    ledger_.for_each_sent([&](WorkItem& item) {  // whoever settles another ends it
      mutex_.is_held();
      drop_call(item);
      items.push_back(item);
    });
  }
  while (WorkItem* const item = items.pop_front())  // to each its own exception: whoever catches one may add to it
    fail(*item, failure<BrokenProcessPool>(reason));
}

/// Asks for a signal to whoever is in this slot.
inline void ProcessPool::signal_worker(std::uint32_t index, int signal) {
  WorkerSlot& slot = workers_[index];
  if (!slot.is_occupied()) return;
  slot.stopping = slot.stopping || !results_.is_distrusted(index);
  helper_.signal_worker(index, slot.serial, signal);
}

/// Tells whoever is in this slot to begin no other call, and to end. See WorkerEntry::leave in layout.hpp.
inline void ProcessPool::tell_to_leave(std::uint32_t index) noexcept {
  workers_[index].leaving = true;
  ipc::tell_to_leave(segment_.worker(index));
}

/// Stops a task that has begun by ending its worker. False: its result has come before that, and nobody is stopped.
inline bool ProcessPool::stop_task(const WorkItem& item) noexcept {
  const CallState state = calls_.look(item);
  if (!state.is_started() || !workers_.is_occupied(state.worker)) return false;
  const std::uint64_t call = ipc::pack_call(item.ticket, item.record);
  if (results_.holds(state.worker, call)) return false;
  tell_to_leave(state.worker);
  const bool runs = !results_.holds(state.worker, call);  // or it has begun another, maybe: then nobody may be hit
  if (runs) signal_worker(state.worker, SIGKILL);
  return runs;
}

CONCURRENT_FUTURES_INLINE bool ProcessPool::stop(OwnedCall& call) noexcept {
  return stop(static_cast<WorkItem&>(call), OnStop::terminate);
}

CONCURRENT_FUTURES_INLINE bool ProcessPool::ask_to_stop(OwnedCall& call) noexcept {
  auto& item = static_cast<WorkItem&>(call);
  return stop(item, item.options != nullptr ? item.options->on_stop : OnStop::request);
}

/// future.terminate(), and future.request_stop(), which leaves a call that has begun to itself. What decides is this
/// lock: before the item's outcome is taken off a ring, or a death has been judged, whatever comes is not looked at any
/// more. After that it is the future's own word: who sets it first.
inline bool ProcessPool::stop(WorkItem& item, OnStop how) noexcept {
  if (!is_here()) return false;
  bool taken_back = false;
  bool counted = false;
  {
    const ipc::MutexLock lock(mutex_);
    counted = item.counted_as_cancelled;
    switch (item.location) {
      case CallLocation::none:
        return false;
      case CallLocation::waiting:
        taken_back = true;
        break;
      case CallLocation::sent:
        taken_back = calls_.take_back(item);
        if (taken_back) break;
        if (how == OnStop::request) {
          item.stop_requested = true;
          calls_.request_stop(item);
          return true;
        }
        item.stopped_by_user = true;
        stop_task(item);
        return true;
      case CallLocation::settling:
        (how == OnStop::request ? item.stop_requested : item.stopped_by_user) = true;
        return true;
      case CallLocation::gone:
        if (how == OnStop::request) return false;
        break;
    }
    if (taken_back) {
      take_off(item);
      begin_delivery(1);
      feed_call_queue();
    }
  }
  CallbackList callbacks;
  FutureStateBase& state = item.state();
  if (taken_back) {
    CONCURRENT_FUTURES_FAULT_POINT("caller.taken_back");
    finish_callbacks(state.finish_cancelled());
    state.release();
    end_delivery(1);
    return true;
  }
  while (!state.try_finish_cancelled(callbacks)) {
    if (state.done()) return false;
    ::sched_yield();  // its outcome is being stored
  }
  if (!counted) count_cancelled(1);
  finish_callbacks(std::move(callbacks));
  return true;
}

/// One more, or one fewer.
inline void ProcessPool::count_cancelled(int more) noexcept {
  const ipc::MutexLock lock(mutex_);
  counts_.cancelled += static_cast<std::uint64_t>(std::int64_t(more));
}

/// Ends the future of a call that a worker had, as cancelled; terminate() may have done so at the last moment.
inline CallbackList ProcessPool::finish_cancelled(FutureStateBase& state) noexcept {
  CallbackList callbacks;
  count_cancelled(1);  // before anybody sees the future done
  if (!state.try_finish_cancelled(callbacks)) count_cancelled(-1);
  return callbacks;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
