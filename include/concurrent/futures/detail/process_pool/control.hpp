// SPDX-License-Identifier: BSL-1.0
// What the executor's members ask for, but submit and set_max_workers: shutdown, its harder forms, and how it stands.
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Requests add up; none is taken back.
CONCURRENT_FUTURES_INLINE void ProcessPool::shutdown(bool cancel_futures) {
  ItemList cancelled;
  {
    const ipc::MutexLock starting(late_start_.mutex);
    const ipc::MutexLock lock(mutex_);
    if (admission_.is_unstarted()) threads_.note_end();
    shut_down();
    if (cancel_futures) take_unstarted(cancelled);
  }
  cancel_all(cancelled);
  wake_manager();
}

/// False: the deadline has passed. Called from a callback it returns true at once: that thread cannot wait for itself.
CONCURRENT_FUTURES_INLINE bool ProcessPool::wait_until_ended(Deadline deadline) {
  if (callbacks_.is_runner()) return false;
  return threads_.join_by(deadline);
}

/// terminate_workers and kill_workers. When it returns the signals have been sent; the futures of the calls that were
/// running fail as their workers end.
CONCURRENT_FUTURES_INLINE void ProcessPool::stop_workers(int signal) {
  ItemList cancelled;
  std::uint32_t asked = 0;
  {
    const ipc::MutexLock lock(mutex_);
    if ((workers_.occupied() == 0 && ledger_.outstanding() == 0) || lifecycle_.is_broken()) return;
    lifecycle_.shut_down();
    break_down(std::string("concurrent::futures: the pool's workers were stopped by ") +
               (signal == SIGKILL ? "kill_workers" : "terminate_workers") + ". Make a new executor for more work.");
    take_unstarted(cancelled);
    for (std::uint32_t i = 0; i < workers_.size(); ++i) {
      if (!workers_.is_occupied(i)) continue;
      tell_to_leave(i);
      signal_worker(i, signal);
    }
    if (signal != SIGKILL) forced_kill_ = std::chrono::steady_clock::now() + pool_timing.until_killed;
    asked = helper_.ask();
  }
  cancel_all(cancelled);
  wake_manager();
  helper_.wait_for_answer(asked, std::chrono::steady_clock::now() + std::chrono::seconds(1));
}

/// Waits for those that are being started, so that whoever was asked for, or ran a task, is in the list. The first of a
/// fresh image takes as long as its program takes to start.
CONCURRENT_FUTURES_INLINE std::vector<pid_t> ProcessPool::processes() {
  const auto begun = std::chrono::steady_clock::now();
  for (std::chrono::microseconds pause(50);; pause = (std::min)(2 * pause, std::chrono::microseconds(1000))) {
    std::vector<pid_t> pids;
    bool starting = false;
    {
      const ipc::MutexLock lock(mutex_);
      for (std::uint32_t i = 0; i < workers_.size(); ++i) {
        if (workers_[i].stopping || workers_[i].retiring) continue;  // on their way out
        if (workers_[i].state == WorkerSlot::State::live) pids.push_back(workers_[i].pid);
        starting = starting || workers_[i].state == WorkerSlot::State::starting;
      }
    }
    if (!starting || std::chrono::steady_clock::now() - begun >= std::chrono::seconds(10)) return pids;
    std::this_thread::sleep_for(pause);
  }
}

CONCURRENT_FUTURES_INLINE std::size_t ProcessPool::pending_work_items() {
  const ipc::MutexLock lock(mutex_);
  return ledger_.outstanding();
}

CONCURRENT_FUTURES_INLINE PoolStatistics ProcessPool::statistics() {
  const ipc::MutexLock lock(mutex_);
  PoolStatistics counts = counts_;
  counts.completed = outcomes_.completed.load(std::memory_order_relaxed);
  counts.failed += outcomes_.failed.load(std::memory_order_relaxed);  // those that were not sent are there
  return counts;
}

/// Without taking anything off the rings: a result that waits there is that of a task that is done.
CONCURRENT_FUTURES_INLINE PoolSnapshot ProcessPool::snapshot() {
  PoolSnapshot snapshot(fork_guard_.pid(), is_here());
  if (!is_here()) return snapshot;
  const ipc::MutexLock lock(mutex_);
  // The rings before the records: what is published in between counts as running, not twice.
  std::size_t published = 0;
  for (std::uint32_t i = 0; i < workers_.size(); ++i) {
    if (workers_.is_occupied(i)) published += results_.count(i);
  }
  std::size_t taken = 0;
  ledger_.for_each_sent([&](const WorkItem& item) {
    mutex_.is_held();
    if (calls_.look(item).is_taken()) ++taken;
  });
  snapshot.workers = workers_.accepting();
  snapshot.busy = std::min<std::size_t>(taken - (std::min)(taken, published), workers_.accepting());
  snapshot.queued = ledger_.outstanding() - (std::min)(ledger_.outstanding(), taken);
  snapshot.done = counts_.submitted - std::min<std::uint64_t>(counts_.submitted, snapshot.queued + snapshot.busy);
  snapshot.set_phase(lifecycle_.is_broken(), lifecycle_.is_shutting_down(), threads_.have_ended());
  return snapshot;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
