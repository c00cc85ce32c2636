// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/os/control_groups.hpp>
#include <concurrent/os/thread.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The monitor's thread: notes or passes on what the zygote tells, and its end.
inline void ProcessPool::watch_helper() {
  os::set_thread_name("pool-monitor");
  manager_.oom_kills.store(os::out_of_memory_kills());
  rights_.arm();
  ipc::ZygoteReport report;
  for (;;) {
    if (heartbeat_.monitor_beats.load(std::memory_order_relaxed) && !beat_until_report()) continue;
    if (!helper_.process().receive(report)) break;
    CONCURRENT_FUTURES_FAULT_POINT("caller.report");
    rights_.arm_again();
    // A callback may hold up the manager for long. What needs no more than a note is noted here.
    if (report.kind == ipc::ZygoteReport::Kind::started) {
      worker_started(report);
      continue;
    }
    if (report.kind == ipc::ZygoteReport::Kind::synced) {
      helper_.note_answer(static_cast<std::uint32_t>(report.serial));
      continue;
    }
    helper_.post(report);
    wake_manager();
  }
  CONCURRENT_FUTURES_FAULT_POINT("caller.zygote_gone");
  rights_.disarm();
  const int status = helper_.process().reap();
  helper_.note_silence();
  helper_.post(HelperLink::end_of_helper(status));
  wake_manager();
  release();
}

/// In the monitor's thread, while tasks have time limits. False: there is no report yet.
inline bool ProcessPool::beat_until_report() {
  const bool report = helper_.process().report_waits(HoldUps::interval);
  const ipc::MutexLock lock(mutex_);
  if (ledger_.timed().empty()) {
    heartbeat_.hold_ups.rest();
    heartbeat_.monitor_beats.store(false, std::memory_order_relaxed);
  } else {
    heartbeat_.hold_ups.beat(std::chrono::steady_clock::now());
  }
  return report;
}

/// With the lock: a call with a time limit is on its way. The monitor's answer to itself brings it out of its sleep.
inline void ProcessPool::begin_to_beat() {
  if (heartbeat_.monitor_beats.load(std::memory_order_relaxed)) return;
  heartbeat_.monitor_beats.store(true, std::memory_order_relaxed);
  heartbeat_.hold_ups.beat(std::chrono::steady_clock::now());
  helper_.nudge_monitor();
}

/// The manager's thread.
inline void ProcessPool::manage() {
  os::set_thread_name("pool-manager");
  callbacks_.set_runner();
  for (;;) {
    take_reports();
    while (pump_results()) run_callbacks();
    run_callbacks();
    const bool ends = wind_down();
    const bool traced = admission_.is_traced();
    if (traced) flush_trace(ends);
    if (ends) break;
    CONCURRENT_FUTURES_FAULT_POINT("caller.manager_sleeps");
    Deadline look = next_look();
    if (!callbacks_.empty()) continue;  // of calls that were found lost, or left while a callback ran
    // A thread that pumps may note something right now, and nobody else writes it.
    if (traced) look = (std::min)(look, std::chrono::steady_clock::now() + pool_timing.trace);
    if (callbacks_.take_ran()) {
      poll_after_callbacks(look);
    } else {
      sleep_manager(look);
    }
  }
  threads_.note_end();
  release();
}

inline void ProcessPool::run_callbacks() {
  callbacks_.run_all([this] {
    if (!is_limited()) return;
    const ipc::MutexLock lock(mutex_);
    pending_limit_.callbacks_returned(*this);
  });
}

/// Towards the end, as far as it can go now. True: nothing is left to do.
inline bool ProcessPool::wind_down() {
  const ipc::MutexLock lock(mutex_);
  // In this order: an outcome leaves its callbacks before it counts as delivered.
  const std::uint32_t delivering = outcomes_.on_their_way.load(std::memory_order_acquire);
  const bool callbacks = !callbacks_.empty();
  switch (lifecycle_.next_step(ledger_.outstanding(), delivering, callbacks, workers_.occupied())) {
    case PoolLifecycle::Step::wait:
      return false;
    case PoolLifecycle::Step::tell_workers_to_leave: {
      const bool told = segment_.caller().stopping.load(std::memory_order_relaxed) != 0;
      segment_.caller().stopping.store(1, std::memory_order_seq_cst);
      for (std::uint32_t i = 0; i < workers_.size(); ++i) {
        if (!workers_.is_occupied(i)) continue;
        calls_.wake_worker(i);
        if (!told) helper_.signal_worker(i, workers_[i].serial, SIGCONT);  // somebody may have stopped it
      }
      return false;
    }
    case PoolLifecycle::Step::tell_helper_to_quit:
      CONCURRENT_FUTURES_FAULT_POINT("caller.quits");
      helper_.quit();
      return false;
    case PoolLifecycle::Step::done:
      return true;
  }
  return false;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
