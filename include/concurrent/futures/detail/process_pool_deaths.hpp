// SPDX-License-Identifier: BSL-1.0
// What follows when a worker, or the zygote, ends. Always the same order: first everything that the dead one published
// is taken off its ring, so that no finished result is lost; then the call that it had in hand, known from the record
// it claimed, is charged or put back; then its place is emptied.
#pragma once

#include <concurrent/futures/detail/process_pool.hpp>
#include <concurrent/futures/detail/process_pool_break.hpp>
#include <concurrent/futures/detail/worker_death.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/detail/oom_kills.hpp>
#include <concurrent/pickle/call.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void ProcessPool::take_reports() {
  std::vector<mpd::ZygoteReport> reports;
  {
    const std::lock_guard lock(mutex_);
    reports.swap(reports_);
  }
  for (const mpd::ZygoteReport& report : reports) {
    switch (report.kind) {
      case mpd::ZygoteReport::Kind::ready:
        if (report.worker == ~std::uint32_t{0}) zygote_ended(report.status);
        break;
      case mpd::ZygoteReport::Kind::start_failed:
        worker_start_failed(report);
        break;
      case mpd::ZygoteReport::Kind::ended:
        worker_ended(report);
        break;
      case mpd::ZygoteReport::Kind::started:
      case mpd::ZygoteReport::Kind::synced:
        break;  // the monitor has noted them
    }
  }
}

/// In the monitor's thread.
inline void ProcessPool::worker_started(const mpd::ZygoteReport& report) {
  const std::lock_guard lock(mutex_);
  WorkerPlace& place = places_[report.worker];
  if (place.serial != report.serial) return;
  place.state = WorkerPlace::State::live;
  place.pid = report.pid;
  start_delay_ = std::chrono::milliseconds(10);
  if (trace_ != nullptr) trace_worker(place);
}

/// The system refuses another process: go on with the workers there are and try again in a while.
inline void ProcessPool::worker_start_failed(const mpd::ZygoteReport& report) {
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    if (places_[report.worker].serial != report.serial) return;
    empty_place(report.worker);
    --available_;
    --counts_.workers_started;
    start_failing_ = true;
    start_again_ = std::chrono::steady_clock::now() + start_delay_;
    start_delay_ = std::min(start_delay_ * 2, std::chrono::nanoseconds(std::chrono::seconds(1)));
    if (present_ == 0 && outstanding_ != 0) {
      reason = std::string("concurrent::futures: a worker process could not be started: ") +
               std::strerror(report.status) + ". No worker is left.";
      if (report.status == EAGAIN) reason += " Raise the limit on processes (ulimit -u, pids.max).";
    }
  }
  if (!reason.empty()) {
    log(LogLevel::error, reason);
    break_pool(reason);
  }
}

inline void ProcessPool::worker_ended(const mpd::ZygoteReport& report) {
  const std::uint32_t index = report.worker;
  if (index >= geometry_workers() || places_[index].serial != report.serial) return;
  mpd::futex_wake(segment_.caller().poller, 1, true);  // its own wake-up may have died with it
  CONCURRENT_FUTURES_FAULT_POINT("caller.worker_ended");
  collect_all(index);
  CONCURRENT_FUTURES_FAULT_POINT("caller.drained");
  std::string reason;
  std::string how;
  WorkItem* item = nullptr;
  bool expected = false;
  bool breaks = false;
  std::uint32_t name = 0;
  std::uint32_t phase = 0;
  std::string task;
  const bool out_of_memory = signal_of(report.status) == SIGKILL && report.executed == 0 && more_oom_kills();
  {
    const std::lock_guard lock(mutex_);
    WorkerPlace& place = places_[index];
    name = place.name;
    bool started = false;
    item = item_of(index, started);
    const std::uint32_t status = segment_.worker(index).status.load();
    const bool retired = status == static_cast<std::uint32_t>(mpd::WorkerStatus::retired) && item == nullptr;
    phase = segment_.worker(index).phase.load();
    // One that has run its last task is done, whether it came to say so or not.
    expected = ((retired || (place.retiring && item == nullptr)) && initializer_failure_.empty()) || place.stopping ||
               no_more_workers_;
    how = worker_label(place.name, report.pid) + " ";
    if (place.damaged) {
      how += "wrote a result that cannot be and was stopped";
    } else if (report.executed != 0) {
      how += "replaced itself by another program (exec), which was stopped,";
    } else {
      how += describe_status(report.status);
      if (out_of_memory && !place.stopping) how += ", out of memory,";
    }
    if (item != nullptr && started) {
      task = describe(*item);
      how += while_it(phase, task);
    } else if (item != nullptr) {
      how += " before it began " + describe(*item);
    } else if (status == static_cast<std::uint32_t>(mpd::WorkerStatus::initializing)) {
      how += " while it ran the initializer";
    } else {
      how += status == static_cast<std::uint32_t>(mpd::WorkerStatus::starting) ? " while it started"
                                                                               : " while it was idle";
    }
    if (!place.retiring) --available_;
    const bool damaged = place.damaged;
    const bool stopped_on_purpose = item != nullptr && (item->stopped_for_timeout || item->stopped_by_user);
    if (damaged) expected = false;
    empty_place(index);
    if (item != nullptr && !started && broken_.empty()) {  // its function was never entered: somebody else takes it
      item->place = WorkItem::Place::none;
      pending_.push_front(*item);
      item = nullptr;
    } else if (item != nullptr) {
      const bool again = !stopped_on_purpose && item->retries_left != 0 &&
                         options_.on_worker_death == WorkerDeathPolicy::fail_task && broken_.empty();
      if (again) {
        if (item->traced) trace_end(*item, nullptr, true);
        --item->retries_left;
        item->place = WorkItem::Place::none;
        pending_.push_front(*item);
        item = nullptr;
      } else {
        drop_call(*item);
      }
    }
    if (trace_ != nullptr) {
      const std::string label = mpd::worker_name(options_.mp_context.method(), name);
      trace_->worker_ended({report.pid, report.pid}, label, how);
    }
    if (!expected) {
      ++counts_.workers_lost;
      if (!initializer_failure_.empty()) {
        reason = "concurrent::futures: the initializer threw in " + worker_label(name, report.pid) + ": " +
                 initializer_failure_;
        breaks = true;
      } else if (options_.on_worker_death == WorkerDeathPolicy::break_pool) {
        reason = "concurrent::futures: a worker process ended while the pool was running: " + how + ".";
        breaks = true;
      } else if (too_many_deaths(how)) {
        reason = "concurrent::futures: workers die too often (restart_limit: more than " +
                 std::to_string(options_.restart_limit.count) + " in " +
                 std::to_string(std::chrono::duration<double>(options_.restart_limit.period).count()) +
                 " s). The last:";
        const std::size_t most = std::size(death_texts_);
        for (std::size_t i = death_count_ > most ? death_count_ - most : 0; i < death_count_; ++i) {
          reason += "\n  " + death_texts_[i % most];
        }
        breaks = true;
      }
    }
    if (breaks) {  // before the first future fails: whoever it wakes may submit at once
      if (broken_.empty()) broken_ = reason;
      no_more_workers_ = true;
      gate_.fetch_or(gate_closed, std::memory_order_seq_cst);
    } else {
      fill();
    }
    if (!broken_.empty()) reason = broken_;
  }
  if (!expected) log(breaks ? LogLevel::error : LogLevel::warning, breaks ? reason : "concurrent::futures: " + how);
  if (item != nullptr) {
    if (!reason.empty() && !item->stopped_for_timeout && !item->stopped_by_user &&
        (!breaks || options_.on_worker_death == WorkerDeathPolicy::break_pool)) {
      fail_all({item}, reason);
    } else {
      charge(*item, report, name, how, std::move(task), phase);
    }
  }
  if (breaks) break_pool(reason);
}

/// Fails the one future whose task a dead worker was running.
inline void ProcessPool::charge(WorkItem& item, const mpd::ZygoteReport& report, std::uint32_t name,
                                const std::string& how, std::string task, std::uint32_t phase) {
  FutureStateBase& state = item.state();
  if (item.stopped_by_user) {
    {
      const std::lock_guard lock(mutex_);
      ++counts_.cancelled;
    }
    finish_callbacks(state.finish_cancelled());
  } else {
    failed_.fetch_add(1, std::memory_order_relaxed);
    std::exception_ptr exception;
    if (item.stopped_for_timeout) {
      const double seconds = std::chrono::duration<double>(*item.options->timeout).count();
      exception =
          std::make_exception_ptr(TaskTimeoutError("concurrent::futures: the task ran longer than its timeout of " +
                                                   std::to_string(seconds) + " s and was stopped: " + how + "."));
    } else {
      exception = std::make_exception_ptr(WorkerDied(
          "concurrent::futures: the worker of this task died: " + how + ".", report.pid,
          mpd::worker_name(options_.mp_context.method(), name), exit_status_of(report.status), signal_of(report.status),
          (report.status & 0x80) != 0, std::move(task), std::string(phase_text(phase))));
    }
    finish_callbacks(state.finish_with_exception(std::move(exception)));
  }
  state.release();
}

/// A worker gone wild may write over a record's state: then no worker will take the call, or none that is there has it.
inline bool ProcessPool::find_overwritten() {
  for (WorkItem* const item : items_) {
    if (item == nullptr || item->place != WorkItem::Place::record) continue;
    const auto state = mpd::RecordState::unpack(segment_.record(item->record).state.load(std::memory_order_acquire));
    const bool waits = state.stage == mpd::Stage::ready && state.worker == mpd::no_worker;
    const bool taken = (state.stage == mpd::Stage::claimed || state.stage == mpd::Stage::started) &&
                       state.worker < geometry_workers() && places_[state.worker].state != WorkerPlace::State::absent;
    if (state.ticket != (item->ticket & mpd::ticket_mask) || (!waits && !taken)) overwritten_.push_back(item);
  }
  for (WorkItem* const item : overwritten_) drop_call(*item);
  return !overwritten_.empty();
}

inline void ProcessPool::fail_overwritten() {
  if (overwritten_.empty()) return;
  const std::string reason =
      "concurrent::futures: a call was lost: its record in shared memory was overwritten by a task gone wild.";
  log(LogLevel::error, reason);
  failed_.fetch_add(overwritten_.size(), std::memory_order_relaxed);
  for (WorkItem* const item : std::exchange(overwritten_, {})) {
    finish_callbacks(item->state().finish_with_exception(options_.on_worker_death == WorkerDeathPolicy::fail_task
                                                             ? std::make_exception_ptr(WorkerDied(reason))
                                                             : std::make_exception_ptr(BrokenProcessPool(reason))));
    item->state().release();
  }
  if (options_.on_worker_death == WorkerDeathPolicy::break_pool) break_pool(reason);
}

/// Everything that this worker has published.
inline void ProcessPool::collect_all(std::uint32_t index) {
  Arrivals arrivals;
  bool more = true;
  while (more) {
    {
      const std::lock_guard lock(mutex_);
      more = collect_place(index, arrivals);
      resolving_.fetch_add(static_cast<std::uint32_t>(arrivals.size), std::memory_order_relaxed);
    }
    resolve(arrivals);
  }
}

/// The call that this worker had in hand; null: none.
inline WorkItem* ProcessPool::item_of(std::uint32_t index, bool& started) {
  for (WorkItem* const item : items_) {
    if (item != nullptr && holder_of(*item, started) == index) return item;
  }
  return nullptr;
}

/// The worker that has taken the item's call and not answered, and whether it has begun; no_worker: there is none.
inline std::uint32_t ProcessPool::holder_of(const WorkItem& item, bool& started) const noexcept {
  if (item.place != WorkItem::Place::record) return mpd::no_worker;
  const auto state = mpd::RecordState::unpack(segment_.record(item.record).state.load(std::memory_order_acquire));
  started = state.stage == mpd::Stage::started;
  return started || state.stage == mpd::Stage::claimed ? state.worker : mpd::no_worker;
}

inline void ProcessPool::empty_place(std::uint32_t index) {
  WorkerPlace& place = places_[index];
  place.state = WorkerPlace::State::absent;
  place.pid = 0;
  peek_[index].store(~std::uint64_t{0}, std::memory_order_release);
  segment_.sleepers(index / 64).fetch_and(~(std::uint64_t{1} << (index % 64)), std::memory_order_seq_cst);
  segment_.worker(index).status.store(static_cast<std::uint32_t>(mpd::WorkerStatus::absent));
  --present_;
  queue_->restore();
  // Whatever it had half-written goes back to the system; what it had published is still being read.
  if (place.reading.load(std::memory_order_acquire) == 0) {
    const auto region = segment_.worker_region(index);
    mpd::give_back(region.data(), region.size());
  }
}

/// True: the kernel has killed somebody for want of memory since this was last asked.
inline bool ProcessPool::more_oom_kills() {
  const std::int64_t before = oom_kills_.load();
  const std::int64_t now = mpd::out_of_memory_kills();
  oom_kills_.store(now);
  return before >= 0 && now > before;
}

inline bool ProcessPool::too_many_deaths(const std::string& how) {
  const auto now = static_cast<std::uint64_t>(multiprocessing::detail::monotonic_nanoseconds());
  death_texts_[death_count_++ % std::size(death_texts_)] = how;
  deaths_.push_back(now);
  std::size_t kept = 0;
  for (const std::uint64_t death : deaths_) {
    if (static_cast<std::int64_t>(now - death) <= options_.restart_limit.period.count()) deaths_[kept++] = death;
  }
  while (deaths_.size() > kept) deaths_.pop_back();
  return deaths_.size() > static_cast<std::size_t>(options_.restart_limit.count);
}

inline std::string ProcessPool::describe(const WorkItem& item) noexcept {
  try {
    if (item.options != nullptr && !item.options->label.empty()) return item.options->label;
  } catch (const std::bad_alloc&) {
    return {};
  }
  const mpd::CallRecord& record = segment_.record(item.record);
  const std::byte* const bytes = item.block.address != nullptr ? item.block.address : record.bytes;
  return pickle::describe_call(std::span(bytes, item.size));
}

inline std::string ProcessPool::worker_label(std::uint32_t name, pid_t pid) const {
  return mpd::worker_name(options_.mp_context.method(), name) + " (pid " + std::to_string(pid) + ")";
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
