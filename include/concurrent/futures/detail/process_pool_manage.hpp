// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool.hpp>
#include <concurrent/multiprocessing/detail/call_queue.hpp>
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
  if (timed_.empty()) {
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
  drive_budget_.store(spin_limit() / 2);
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
  for (CallbackList& list : callbacks) list.run();
  in_callback_ = false;
}

/// A coroutine or a chain of callbacks that has just gone on in this thread waits for its next result as a thread in
/// `result` does, and is served as fast: for as long as such a thread would poll, and after that by a sleep from which
/// the workers wake this thread, so that there is no lease. True: something has come.
inline bool ProcessPool::poll_after_callbacks(Deadline deadline) {
  if (in_hand_.load(std::memory_order_relaxed) == 0) return false;
  if (driver_.exchange(true, std::memory_order_seq_cst)) return false;  // that thread wakes this one for callbacks
  mpd::put_poller(segment_.caller(), mpd::poller_polls);
  const bool scarce = scarce_processors();
  const std::int64_t budget = poll_budget(scarce);
  bool done = false;
  for (mpd::Polling polling(budget); !done && polling.again();)
    done = serve() || work_for_manager_.load(std::memory_order_relaxed);
  if (!scarce) learn_poll_budget(budget, done);
  driver_.store(false, std::memory_order_seq_cst);
  mpd::change_poller(segment_.caller(), mpd::poller_polls, mpd::poller_none);
  while (serve()) done = true;
  return done && std::chrono::steady_clock::now() < deadline;
}

inline void ProcessPool::wake_manager() noexcept {
  work_for_manager_.store(true, std::memory_order_seq_cst);
  if (!manager_sleeps_.load(std::memory_order_seq_cst) || mpd::wake_manager_word(segment_.caller())) return;
  // It sleeps although the word does not say so: somebody has just woken it, or a worker gone wild wrote there.
  segment_.caller().manager.fetch_add(2, std::memory_order_seq_cst);
  mpd::futex_wake(segment_.caller().manager, 1, true);
}

inline void ProcessPool::sleep_manager(Deadline deadline) {
  mpd::Shared<std::uint32_t>& word = segment_.caller().manager;
  const std::uint32_t asleep = word.fetch_or(1, std::memory_order_seq_cst) | 1;
  manager_sleeps_.store(true, std::memory_order_seq_cst);
  const bool others_look = mpd::poller_state(segment_.caller()) != mpd::poller_none;
  if (!work_for_manager_.exchange(false, std::memory_order_seq_cst) && (others_look || !results_wait()))
    mpd::futex_wait(word, asleep, deadline, true);
  manager_sleeps_.store(false, std::memory_order_seq_cst);
  word.fetch_and(~std::uint32_t{1}, std::memory_order_seq_cst);
}

/// Does what is due by now, however busy the pool is, and returns when the manager has to look again although nobody
/// wakes it.
inline Deadline ProcessPool::next_look() {
  const auto now = std::chrono::steady_clock::now();
  Deadline look = pace(now);
  StallDetector::Check stall;
  bool trim = false;
  {
    const std::lock_guard lock(mutex_);
    look = (std::min)(look, check_time_limits(now));
    look = (std::min)(look, run_timers(now, stall, trim));
  }
  if (stall.repair) rescue_waiting_calls(stall, now);
  if (trim) blocks_->trim();
  return look;
}

/// How soon results make the manager look: often while there is much to do, so that workers need not wake it.
inline Deadline ProcessPool::pace(Deadline now) {
  const std::uint64_t activity = activity_.load(std::memory_order_relaxed);
  if (activity != seen_activity_) {
    seen_activity_ = activity;
    quiet_looks_ = 0;
    quiet_at_ = now + pool_timing.quiet;
    trim_at_ = now + pool_timing.trim;  // what happens meanwhile is seen then: a second at most
    napping_.store(true, std::memory_order_seq_cst);
  } else if (napping_.load(std::memory_order_relaxed) && ++quiet_looks_ >= pool_timing.quiet_naps) {
    napping_.store(false, std::memory_order_seq_cst);
    rights_.look_again();
    if (!driver_.load(std::memory_order_seq_cst))
      mpd::change_poller(segment_.caller(), mpd::poller_polls, mpd::poller_none);
  }
  return napping_.load(std::memory_order_relaxed) ? now + pool_timing.nap : (Deadline::max)();
}

/// With the lock: what is due. What takes long is left to the caller, who does it without.
inline Deadline ProcessPool::run_timers(Deadline now, StallDetector::Check& stall, bool& trim) {
  Deadline look = (Deadline::max)();
  if (queue_->waiting() != 0 || !pending_.empty()) {
    if (now >= stalls_.due()) {
      fill();
      stall = stalls_.check(now, queue_->moves_on(), outstanding_ <= available_);
    }
    look = stalls_.due();
  } else {
    stalls_.nothing_waits();
  }
  // Whoever has taken over the rings may be held up in a program's own unpickling, a wake-up may have died with its
  // sender, a worker may be stopped: while something is on its way, or was within the last second, the manager looks
  // after it now and then. After that, whoever submits wakes it.
  watching_ = outstanding_ != 0 || now < quiet_at_;
  if (watching_) look = (std::min)(look, now + pool_timing.watch);
  if (outstanding_ != 0 && now >= records_look_) {
    records_look_ = now + pool_timing.watch;
    if (find_overwritten()) look = now;
  }
  if (start_backoff_.take_due(now)) start_workers();
  if (kill_remaining_ <= now) {
    kill_remaining_ = (Deadline::max)();
    for (std::uint32_t i = 0; i < geometry_workers(); ++i) kill_place(i, SIGKILL);
  }
  if (trim_at_ <= now) {
    trim_at_ = (Deadline::max)();
    trim = true;
  }
  return (std::min)((std::min)(look, start_backoff_.due()), (std::min)(kill_remaining_, trim_at_));
}

/// Sets `has_call` of each place whose worker has taken a call and not answered.
inline void ProcessPool::mark_places_with_calls() {
  for (std::uint32_t i = 0; i < geometry_workers(); ++i) places_[i].has_call = false;
  for (const WorkItem* const item : items_) {
    bool started = false;
    const std::uint32_t holder = item == nullptr ? mpd::no_worker : holder_of(*item, started);
    if (holder < geometry_workers()) places_[holder].has_call = true;
  }
}

/// What a StallDetector asks for. Without the lock where /proc is read.
inline void ProcessPool::rescue_waiting_calls(const StallDetector::Check& todo, Deadline now) {
  asked_.clear();
  idle_.clear();
  if (todo.ask_workers) {
    const std::lock_guard lock(mutex_);
    mark_places_with_calls();
    for (std::uint32_t i = 0; i < geometry_workers(); ++i) {
      const WorkerPlace& place = places_[i];
      // `busy` it says it is also between two calls, until it finds no other.
      if (place.state == WorkerPlace::State::absent || place.has_call) continue;
      const auto status = static_cast<mpd::WorkerStatus>(segment_.worker(i).status.load(std::memory_order_relaxed));
      asked_.push_back({i, place.serial, place.pid});
      idle_.push_back({status == mpd::WorkerStatus::starting || status == mpd::WorkerStatus::initializing, false,
                       place.still, now - place.since});
    }
  }
  bool runnable = false;
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    // Without a pid it is the zygote that has not come to it. Once one is found that can run, the others are not asked.
    idle_[i].blocked = !runnable && asked_[i].pid != 0 && !mpd::waits_for_processor(asked_[i].pid);
    if (!idle_[i].blocked) runnable = true;
  }
  const std::lock_guard lock(mutex_);
  queue_->restore();
  for (std::uint32_t i = 0; i < geometry_workers(); ++i) {
    WorkerPlace& place = places_[i];
    place.still = false;
    if (place.state == WorkerPlace::State::absent) continue;
    mpd::WorkerEntry& entry = segment_.worker(i);
    const auto status = static_cast<mpd::WorkerStatus>(entry.status.load(std::memory_order_relaxed));
    place.slow = status == mpd::WorkerStatus::polling;
    const bool leaves = status == mpd::WorkerStatus::finishing || status == mpd::WorkerStatus::retired;
    if (leaves && !std::exchange(place.retiring, true)) {  // its finalizer takes time
      --available_;
      start_workers();
    }
    if (status == mpd::WorkerStatus::busy && !todo.wake_busy) continue;
    entry.wake.store(0, std::memory_order_seq_cst);
    mpd::futex_wake(entry.wake, 1, true);
  }
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    WorkerPlace& place = places_[asked_[i].index];
    if (place.serial == asked_[i].serial) place.still = idle_[i].blocked;
  }
  // Unless it has been taken meanwhile: to look at them all may have taken long.
  if (todo.ask_workers && stalls_.start_one(now, idle_) && queue_->waiting() != 0 && outstanding_ <= available_)
    start_worker();
}

/// Stops the tasks whose time is up. Returns when the next one's may be.
inline Deadline ProcessPool::check_time_limits(Deadline now) {
  Deadline look = (Deadline::max)();
  if (timed_.empty()) return look;
  hold_ups_.beat(now);
  ItemList put_back;
  for (WorkItem* const item : timed_) {
    if (item->place != WorkItem::Place::record || item->stopped_for_timeout || item->stopped_by_user) continue;
    const auto state = mpd::RecordState::unpack(segment_.record(item->record).state.load(std::memory_order_acquire));
    TimedCall call;
    call.limit = *item->options->timeout;
    if (state.worker < geometry_workers() && state.stage == mpd::Stage::claimed) {
      WorkerPlace& place = places_[state.worker];
      if (place.claimed != item->ticket) {
        place.claimed = item->ticket;
        place.claimed_since = now;
      }
      call.stage = TimedCall::Stage::claimed;
      call.since = place.claimed_since;
    } else if (state.worker < geometry_workers() && state.stage == mpd::Stage::started) {
      call.stage = TimedCall::Stage::started;
      const auto noted = std::chrono::nanoseconds(
          static_cast<std::int64_t>(segment_.worker(state.worker).started_at.load(std::memory_order_relaxed)));
      call.since = Deadline(std::chrono::duration_cast<Deadline::duration>(noted));
    }
    const TimeLimitStep step = check_time_limit(call, now, hold_ups_);
    look = (std::min)(look, step.look);
    if (step.action == TimeLimitStep::Action::take_back) {
      tell_to_leave(state.worker);                                   // so that it has no other call when it is hit
      if (!queue_->take_back(item->record, item->ticket)) continue;  // it has begun at last, and leaves after that
      kill_place(state.worker, SIGKILL);
      put_back.push_back(*item);
    } else if (step.action == TimeLimitStep::Action::stop && stop_task(*item)) {
      item->stopped_for_timeout = true;
    }
  }
  if (!put_back.empty()) {
    while (WorkItem* const item = put_back.pop_front()) pending_.push_front(*item);
    fill();
  }
  return look;
}

/// Towards the end, as far as it can go now. True: nothing is left to do.
inline bool ProcessPool::wind_down() {
  const std::lock_guard lock(mutex_);
  if (zygote_gone_) return shutting_down_ && resolving_.load() == 0 && deferred_.empty() && outstanding_ == 0;
  if (!shutting_down_ || outstanding_ != 0 || resolving_.load(std::memory_order_acquire) != 0 || !deferred_.empty() ||
      quit_sent_)
    return false;
  no_more_workers_ = true;
  if (segment_.caller().stopping.exchange(1, std::memory_order_seq_cst) == 0) wake_all_workers();
  if (present_ == 0) {
    CONCURRENT_FUTURES_FAULT_POINT("caller.quits");
    quit_sent_ = true;
    zygote_.send({mpd::ZygoteRequest::Kind::quit, 0, 0, 0, 0});
  }
  return false;
}

// ---- Shutting down

/// Requests add up; none is taken back.
CONCURRENT_FUTURES_INLINE void ProcessPool::shutdown(bool cancel_futures) {
  ItemList cancelled;
  {
    const std::scoped_lock lock(start_mutex_, mutex_);
    shutting_down_ = true;
    if ((gate_.load(std::memory_order_seq_cst) & gate_unstarted) != 0) ended_.store(1);
    close_gate();
    if (cancel_futures) take_unstarted(cancelled);
  }
  cancel_all(cancelled);
  wake_manager();
}

/// False: the deadline has passed. Called from a callback it returns true at once: that thread cannot wait for itself.
CONCURRENT_FUTURES_INLINE bool ProcessPool::wait_until_ended(Deadline deadline) {
  if (is_own_thread()) return false;
  while (ended_.load(std::memory_order_acquire) == 0) {
    if (!mpd::futex_wait(ended_, 0, deadline) && ended_.load(std::memory_order_acquire) == 0) return false;
  }
  const std::lock_guard lock(join_mutex_);
  if (monitor_.joinable()) monitor_.join();
  if (manager_.joinable()) manager_.join();
  return true;
}

/// terminate_workers and kill_workers. When it returns the signals have been sent; the futures of the calls that were
/// running fail as their workers end.
CONCURRENT_FUTURES_INLINE void ProcessPool::stop_workers(int signal) {
  ItemList cancelled;
  std::uint32_t asked = 0;
  {
    const std::lock_guard lock(mutex_);
    if ((present_ == 0 && outstanding_ == 0) || !broken_.empty()) return;
    shutting_down_ = true;
    no_more_workers_ = true;
    close_gate();
    broken_ = std::string("concurrent::futures: the pool's workers were stopped by ") +
              (signal == SIGKILL ? "kill_workers" : "terminate_workers") + ". Make a new executor for more work.";
    take_unstarted(cancelled);
    for (std::uint32_t i = 0; i < geometry_workers(); ++i) {
      if (places_[i].state == WorkerPlace::State::absent) continue;
      tell_to_leave(i);
      kill_place(i, signal);
    }
    if (signal != SIGKILL) kill_remaining_ = std::chrono::steady_clock::now() + pool_timing.until_killed;
    asked = ++syncs_;
    zygote_.send({mpd::ZygoteRequest::Kind::sync, 0, asked, 0, 0});
  }
  cancel_all(cancelled);
  wake_manager();
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (std::uint32_t seen = 0; (seen = synced_.load(std::memory_order_acquire)) < asked;) {
    if (std::chrono::steady_clock::now() >= patience) return;
    mpd::futex_wait(synced_, seen, patience);
  }
}

/// Waits for those that are being started, so that whoever was asked for, or ran a task, is in the list. The first of a
/// fresh image takes as long as its program takes to start.
CONCURRENT_FUTURES_INLINE std::vector<pid_t> ProcessPool::processes() {
  const auto begun = std::chrono::steady_clock::now();
  for (std::chrono::microseconds pause(50);; pause = (std::min)(2 * pause, std::chrono::microseconds(1000))) {
    std::vector<pid_t> pids;
    bool starting = false;
    {
      const std::lock_guard lock(mutex_);
      for (std::uint32_t i = 0; i < geometry_workers(); ++i) {
        if (places_[i].stopping || places_[i].retiring) continue;  // on their way out
        if (places_[i].state == WorkerPlace::State::live) pids.push_back(places_[i].pid);
        starting = starting || places_[i].state == WorkerPlace::State::starting;
      }
    }
    if (!starting || std::chrono::steady_clock::now() - begun >= std::chrono::seconds(10)) return pids;
    std::this_thread::sleep_for(pause);
  }
}

CONCURRENT_FUTURES_INLINE std::size_t ProcessPool::pending_work_items() {
  const std::lock_guard lock(mutex_);
  return outstanding_;
}

CONCURRENT_FUTURES_INLINE PoolStatistics ProcessPool::statistics() {
  const std::lock_guard lock(mutex_);
  PoolStatistics counts = counts_;
  counts.completed = completed_.load(std::memory_order_relaxed);
  counts.failed += failed_.load(std::memory_order_relaxed);  // those that were not sent are there
  return counts;
}

/// Without taking anything off the rings: a result that waits there is that of a task that is done.
CONCURRENT_FUTURES_INLINE PoolGlance ProcessPool::glance() {
  PoolGlance glance(mark_.pid(), is_here());
  if (!is_here()) return glance;
  const std::lock_guard lock(mutex_);
  // The rings before the records: what is published in between counts as running, not twice.
  std::size_t published = 0;
  for (std::uint32_t i = 0; i < geometry_workers(); ++i) {
    if (places_[i].state == WorkerPlace::State::absent || places_[i].damaged) continue;
    for (std::uint64_t at = places_[i].position;
         at != places_[i].position + segment_.geometry().ring_capacity &&
         segment_.result(i, at).commit.load(std::memory_order_acquire) == at + 1;
         ++at)
      ++published;
  }
  std::size_t taken = 0;
  for (const WorkItem* const item : items_) {
    if (item == nullptr || item->place != WorkItem::Place::record) continue;
    const auto state = mpd::RecordState::unpack(segment_.record(item->record).state.load(std::memory_order_acquire));
    if (state.stage == mpd::Stage::claimed || state.stage == mpd::Stage::started) ++taken;
  }
  glance.workers = available_;
  glance.busy = std::min<std::size_t>(taken - (std::min)(taken, published), available_);
  glance.queued = outstanding_ - (std::min)(outstanding_, taken);
  glance.done = counts_.submitted - std::min<std::uint64_t>(counts_.submitted, glance.queued + glance.busy);
  glance.set_phase(!broken_.empty(), shutting_down_, ended_.load() != 0);
  return glance;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
