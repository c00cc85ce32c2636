// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/multiprocessing/detail/oom_kills.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The monitor's thread: notes or passes on what the zygote tells, and its end.
inline void ProcessPool::watch_zygote() {
  ::pthread_setname_np(::pthread_self(), "pool-monitor");
  oom_kills_.store(mpd::out_of_memory_kills());
  rights_.arm();
  mpd::ZygoteReport report;
  for (;;) {
    if (beating_.load(std::memory_order_relaxed) && !beat_until_report()) continue;
    if (!zygote_.receive(report)) break;
    CONCURRENT_FUTURES_FAULT_POINT("caller.report");
    rights_.arm_again();
    // A callback may hold up the manager for long. What needs no more than a note is noted here.
    if (report.kind == mpd::ZygoteReport::Kind::started) {
      worker_started(report);
      continue;
    }
    if (report.kind == mpd::ZygoteReport::Kind::synced) {
      synced_.store(static_cast<std::uint32_t>(report.serial), std::memory_order_release);
      mpd::futex_wake(synced_);
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      reports_.push_back(report);
    }
    wake_manager();
  }
  CONCURRENT_FUTURES_FAULT_POINT("caller.zygote_gone");
  rights_.disarm();
  const int status = zygote_.reap();
  synced_.store(~std::uint32_t{0}, std::memory_order_release);  // it answers nobody any more
  mpd::futex_wake(synced_);
  report = {};
  report.kind = mpd::ZygoteReport::Kind::ready;
  report.worker = ~std::uint32_t{0};  // the zygote itself
  report.status = status;
  {
    const std::lock_guard lock(mutex_);
    reports_.push_back(report);
  }
  wake_manager();
  release();
}

/// In the monitor's thread, while tasks have time limits. False: there is no report yet.
inline bool ProcessPool::beat_until_report() {
  const bool report = zygote_.report_waits(HoldUps::interval);
  const std::lock_guard lock(mutex_);
  if (ledger_.timed().empty()) {
    hold_ups_.rest();
    beating_.store(false, std::memory_order_relaxed);
  } else {
    hold_ups_.beat(std::chrono::steady_clock::now());
  }
  return report;
}

/// With the lock: a call with a time limit is on its way. The monitor's answer to itself brings it out of its sleep.
inline void ProcessPool::begin_to_beat() {
  if (beating_.load(std::memory_order_relaxed)) return;
  beating_.store(true, std::memory_order_relaxed);
  hold_ups_.beat(std::chrono::steady_clock::now());
  zygote_.send({mpd::ZygoteRequest::Kind::sync, 0, syncs_, 0, 0});
}

/// The manager's thread.
inline void ProcessPool::manage() {
  ::pthread_setname_np(::pthread_self(), "pool-manager");
  manager_id_.store(std::this_thread::get_id());
  for (;;) {
    take_reports();
    while (serve()) {
    }
    run_deferred();
    fail_overwritten();
    const bool ends = wind_down();
    const bool traced = (gate_.load(std::memory_order_acquire) & gate_traced) != 0;
    if (traced) flush_trace(ends);
    if (ends) break;
    CONCURRENT_FUTURES_FAULT_POINT("caller.manager_sleeps");
    Deadline look = next_look();
    // A thread that drives may note something right now, and nobody else writes it.
    if (traced) look = (std::min)(look, std::chrono::steady_clock::now() + pool_timing.trace);
    if (!std::exchange(called_back_, false) || !poll_after_callbacks(look)) sleep_manager(look);
  }
  ended_.store(1, std::memory_order_seq_cst);
  mpd::futex_wake(ended_);
  release();
}

inline bool ProcessPool::is_own_thread() const noexcept {
  return std::this_thread::get_id() == manager_id_.load(std::memory_order_relaxed);
}

inline void ProcessPool::run_deferred() {
  std::vector<CallbackList> callbacks;
  {
    const std::lock_guard lock(mutex_);
    callbacks.swap(deferred_);
  }
  if (callbacks.empty()) return;
  called_back_ = true;
  in_callback_ = true;
  for (CallbackList& list : callbacks) {
    list.run();
    if (!is_limited()) continue;
    const std::lock_guard lock(mutex_);
    pending_limit_.callbacks_returned(*this);
  }
  in_callback_ = false;
}

/// Towards the end, as far as it can go now. True: nothing is left to do.
inline bool ProcessPool::wind_down() {
  const std::lock_guard lock(mutex_);
  if (zygote_gone_) return shutting_down_ && resolving_.load() == 0 && deferred_.empty() && ledger_.outstanding() == 0;
  if (!shutting_down_ || ledger_.outstanding() != 0 || resolving_.load(std::memory_order_acquire) != 0 ||
      !deferred_.empty() || quit_sent_)
    return false;
  no_more_workers_ = true;
  if (segment_.caller().stopping.exchange(1, std::memory_order_seq_cst) == 0) {
    for (std::uint32_t i = 0; i < workers_.size(); ++i) {
      if (workers_.is_occupied(i)) calls_.wake_worker(i);
    }
  }
  if (workers_.occupied() == 0) {
    CONCURRENT_FUTURES_FAULT_POINT("caller.quits");
    quit_sent_ = true;
    zygote_.send({mpd::ZygoteRequest::Kind::quit, 0, 0, 0, 0});
  }
  return false;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
