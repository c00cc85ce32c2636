// SPDX-License-Identifier: BSL-1.0
// What the manager does by the clock: time limits, calls that wait although workers sleep, workers whose start failed,
// memory that is not used any more. policy/ says when; here is what follows.
#pragma once

#include <concurrent/futures/detail/process_pool/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/os/process.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Does what is due by now, however busy the pool is, and returns when the manager has to look again although nobody
/// wakes it.
inline Deadline ProcessPool::next_look() {
  const auto now = std::chrono::steady_clock::now();
  Deadline look = pace(now);
  DueWork due;
  {
    const ipc::MutexLock lock(mutex_);
    look = (std::min)(look, check_time_limits(now));
    look = (std::min)(look, run_timers(now, due));
  }
  fail_lost_calls(due.lost);
  if (due.stall.repair) rescue_waiting_calls(due.stall, now);
  if (due.trim) blocks_->trim();
  return look;
}

/// How soon results make the manager look: often while there is much to do, so that workers need not wake it.
inline Deadline ProcessPool::pace(Deadline now) {
  switch (wakeups_.pace()) {
    case Wakeups::Pace::has_progressed:
      manager_.timers.quiet = now + pool_timing.quiet;
      manager_.timers.trim = now + pool_timing.trim;  // what happens meanwhile is seen then: a second at most
      break;
    case Wakeups::Pace::grew_quiet:
      rights_.look_again();
      break;
    case Wakeups::Pace::polls:
    case Wakeups::Pace::quiet:
      break;
  }
  return wakeups_.polls_periodically() ? now + pool_timing.nap : (Deadline::max)();
}

/// With the lock: what is due. What takes long is left to the caller, who does it without.
inline Deadline ProcessPool::run_timers(Deadline now, DueWork& todo) {
  StallDetector& stalls = manager_.stalls.detector;
  if (stalls.is_due(now, calls_.waiting() != 0 || ledger_.any_waits())) {
    feed_call_queue();
    todo.stall = stalls.check(now, calls_.moves_on(), ledger_.outstanding() <= workers_.accepting());
  }
  Deadline look = stalls.due();
  // Whoever has taken over the rings may be held up in a program's own unpickling, a wake-up may have died with its
  // sender, a worker may be stopped: while something is on its way, or was within the last second, the manager looks
  // after it now and then. After that, whoever submits wakes it.
  manager_will_wake_ = ledger_.outstanding() != 0 || now < manager_.timers.quiet;
  if (manager_will_wake_) look = (std::min)(look, now + pool_timing.watch);
  if (ledger_.outstanding() != 0 && now >= manager_.timers.lost_calls) {
    manager_.timers.lost_calls = now + pool_timing.watch;
    look_after_calls(todo.lost);
    if (!todo.lost.empty()) look = now;
  }
  if (start_backoff_.take_due(now)) start_workers();
  if (forced_kill_ <= now) {
    forced_kill_ = (Deadline::max)();
    for (std::uint32_t i = 0; i < workers_.size(); ++i) signal_worker(i, SIGKILL);
  }
  if (manager_.timers.trim <= now) {
    manager_.timers.trim = (Deadline::max)();
    todo.trim = true;
  }
  return (std::min)((std::min)(look, start_backoff_.due()), (std::min)(forced_kill_, manager_.timers.trim));
}

/// Sets `holds_call` of each slot whose worker has taken a call and not answered.
inline void ProcessPool::note_held_calls() {
  for (std::uint32_t i = 0; i < workers_.size(); ++i) workers_[i].holds_call = false;
  ledger_.for_each_sent([this](const WorkItem& item) {
    mutex_.is_held();
    const CallState state = calls_.look(item);
    if (state.is_taken()) workers_[state.worker].holds_call = true;
  });
}

/// What a StallDetector asks for. Without the lock where /proc is read.
inline void ProcessPool::rescue_waiting_calls(const StallDetector::Check& todo, Deadline now) {
  helper_.process().go_on();
  manager_.stalls.asked.clear();
  if (todo.ask_workers) {
    const ipc::MutexLock lock(mutex_);
    note_held_calls();
    for (std::uint32_t i = 0; i < workers_.size(); ++i) {
      const WorkerSlot& slot = workers_[i];
      // `busy` it says it is also between two calls, until it finds no other.
      if (!slot.is_occupied() || slot.holds_call) continue;
      const auto status = static_cast<ipc::WorkerStatus>(segment_.worker(i).status.load(std::memory_order_relaxed));
      const bool begins = status == ipc::WorkerStatus::starting || status == ipc::WorkerStatus::initializing;
      manager_.stalls.asked.push_back({{begins, false, slot.was_blocked, now - slot.since}, i, slot.serial, slot.pid});
    }
  }
  bool runnable = false;
  for (StallCheck::Asked& asked : manager_.stalls.asked) {
    // Without a pid it is the zygote that has not come to it. Once one is found that can run, the others are not asked.
    asked.blocked = !runnable && asked.pid != 0 && !os::waits_for_processor(asked.pid);
    if (!asked.blocked) runnable = true;
  }
  const ipc::MutexLock lock(mutex_);
  calls_.repair();
  for (std::uint32_t i = 0; i < workers_.size(); ++i) {
    WorkerSlot& slot = workers_[i];
    slot.was_blocked = false;
    if (!slot.is_occupied()) continue;
    const auto status = static_cast<ipc::WorkerStatus>(segment_.worker(i).status.load(std::memory_order_relaxed));
    slot.ignored_wakeup = status == ipc::WorkerStatus::polling;
    const bool leaves = status == ipc::WorkerStatus::finishing || status == ipc::WorkerStatus::retired;
    if (leaves && workers_.retire(i)) start_workers();  // its finalizer takes time
    if (status == ipc::WorkerStatus::busy && !todo.wake_busy) continue;
    calls_.wake_worker(i);
  }
  for (const StallCheck::Asked& asked : manager_.stalls.asked) {
    WorkerSlot& slot = workers_[asked.index];
    if (slot.serial != asked.serial) continue;
    slot.was_blocked = asked.blocked;
    // Woken, and blocked again: somebody may have stopped it.
    if (asked.blocked && asked.was_blocked) helper_.signal_worker(asked.index, asked.serial, SIGCONT);
  }
  // Unless it has been taken meanwhile: to look at them all may have taken long.
  if (todo.ask_workers && manager_.stalls.detector.start_one(now, manager_.stalls.asked) && calls_.waiting() != 0 &&
      ledger_.outstanding() <= workers_.accepting())
    start_worker();
}

/// Stops the tasks whose time is up. Returns when the next one's may be.
inline Deadline ProcessPool::check_time_limits(Deadline now) {
  Deadline look = (Deadline::max)();
  if (ledger_.timed().empty()) return look;
  heartbeat_.hold_ups.beat(now);
  ItemList put_back;
  for (WorkItem* const item : ledger_.timed()) {
    if (item->location != CallLocation::sent || item->stopped_for_timeout || item->stopped_by_user) continue;
    const CallState state = calls_.look(*item);
    TimedCall call;
    call.limit = *item->options->timeout;
    if (state.stage == CallState::Stage::claimed) {
      WorkerSlot& slot = workers_[state.worker];
      if (slot.claimed != item->ticket) {
        slot.claimed = item->ticket;
        slot.claimed_since = now;
      }
      call.stage = TimedCall::Stage::claimed;
      call.since = slot.claimed_since;
    } else if (state.is_started()) {
      call.stage = TimedCall::Stage::started;
      const auto noted = std::chrono::nanoseconds(
          static_cast<std::int64_t>(segment_.worker(state.worker).started_at.load(std::memory_order_relaxed)));
      call.since = Deadline(std::chrono::duration_cast<Deadline::duration>(noted));
    }
    const TimeLimitStep step = check_time_limit(call, now, heartbeat_.hold_ups);
    look = (std::min)(look, step.look);
    if (step.action == TimeLimitStep::Action::take_back) {
      if (lifecycle_.is_broken()) continue;    // no other worker will come: it fails with the one that has it
      tell_to_leave(state.worker);             // so that it has no other call when it is hit
      if (!calls_.take_back(*item)) continue;  // it has begun at last, and leaves after that
      signal_worker(state.worker, SIGKILL);
      put_back.push_back(*item);
    } else if (step.action == TimeLimitStep::Action::stop && stop_task(*item)) {
      item->stopped_for_timeout = true;
    }
  }
  if (!put_back.empty()) {
    while (WorkItem* const item = put_back.pop_front()) ledger_.put_back(*item);
    feed_call_queue();
  }
  return look;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
