// SPDX-License-Identifier: BSL-1.0
// What follows when a worker, or the zygote, ends. Always the same order: first everything that the dead one published
// is taken off its ring, so that no finished result is lost; then the call that it had in hand, known from the record
// it claimed, is charged or put back; then its slot is vacated.
#pragma once

#include <concurrent/futures/detail/policy/death_verdict.hpp>
#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/detail/pool/pool_future_state.hpp>
#include <concurrent/futures/detail/process_pool/break.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/process_pool/worker_death.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/os/control_groups.hpp>
#include <concurrent/os/pages.hpp>
#include <concurrent/pickle/call.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// In three steps, of which the first and the last hold the lock: what it had in hand is taken out of everybody else's
/// reach; the death is put into words, which may mean to look up a symbol; it is judged, and the judgement carried out.
inline void ProcessPool::worker_ended(const ipc::ZygoteReport& report) {
  const std::uint32_t index = report.worker;
  {
    const ipc::MutexLock lock(mutex_);
    if (!workers_.holds(index, report.serial)) return;
  }
  CONCURRENT_FUTURES_FAULT_POINT("caller.worker_ended");
  collect_all(index);
  CONCURRENT_FUTURES_FAULT_POINT("caller.drained");
  WorkerDeath death;
  death.method = options_.mp_context.method();
  death.report = report;
  death.status = static_cast<ipc::WorkerStatus>(segment_.worker(index).status.load());
  death.phase = segment_.worker(index).phase.load();
  const bool out_of_memory = signal_of(report.status) == SIGKILL && report.executed == 0 && more_oom_kills();
  ItemList held;  // one, or none; more only of a worker whose ring is not read any more
  WorkItem* in_hand = nullptr;
  {
    const ipc::MutexLock lock(mutex_);
    const WorkerSlot& slot = workers_[index];
    death.name = slot.name;
    death.damaged = results_.is_distrusted(index);
    death.out_of_memory = out_of_memory && !slot.stopping;
    ledger_.for_each_sent([&](WorkItem& item) {
      mutex_.is_held();
      const CallState state = calls_.look(item);
      if (!state.is_taken() || state.worker != index) return;
      item.location = CallLocation::settling;
      held.push_back(item);
      if (in_hand != nullptr && !state.is_started()) return;
      in_hand = &item;
      death.call_started = state.is_started();
    });
  }
  death.has_call = in_hand != nullptr;
  if (in_hand != nullptr) death.task = describe(*in_hand);
  death.how = death.text();
  std::string reason;
  Verdict verdict;
  ItemList failed;
  {
    const ipc::MutexLock lock(mutex_);
    verdict = judge(facts_of(index, death, in_hand), options_.on_worker_death);
    if (verdict.breaks_pool) {
      reason = lifecycle_.initializer_failure().empty()
                   ? "concurrent::futures: a worker process ended while the pool was running: " + death.how + "."
                   : "concurrent::futures: the initializer threw in " + death.label() + ": " +
                         lifecycle_.initializer_failure();
    } else if (verdict.spends_restart && !manager_.restarts.spend(std::chrono::steady_clock::now(), death.how)) {
      reason = manager_.restarts.exceeded_text();
      verdict.breaks_pool = true;
    }
    if (verdict.counts_as_lost) ++counts_.workers_lost;
    while (WorkItem* const item = held.pop_front()) {
      const CallFate fate = judge(facts_of(index, death, item), options_.on_worker_death).call;
      if ((fate == CallFate::put_back || fate == CallFate::retry) && !item->stop_requested) {
        if (fate == CallFate::retry) {
          if (item->traced) trace_end(*item, nullptr, true);
          --item->retries_left;
        }
        ledger_.put_back(*item);
      } else {
        // Asked to stop, it does not begin again.
        if (fate == CallFate::put_back || fate == CallFate::retry) item->stopped_by_user = true;
        drop_call(*item);
        failed.push_back(*item);
      }
    }
    if (trace_ != nullptr) trace_->worker_ended({report.pid, report.pid}, death.worker(), death.how);
    vacate_slot(index);
    if (verdict.breaks_pool) {  // before the first future fails: whoever it wakes may submit at once
      break_down(reason);
    } else {
      feed_call_queue();
    }
    if (lifecycle_.is_broken()) reason = lifecycle_.reason();
  }
  if (verdict.counts_as_lost) {
    log_message(verdict.breaks_pool ? LogLevel::error : LogLevel::warning,
                verdict.breaks_pool ? reason : "concurrent::futures: " + death.how);
  }
  give_back_region(index);
  while (WorkItem* const item = failed.pop_front()) {
    if (!reason.empty() && !item->stopped_for_timeout &&
        (!verdict.breaks_pool || options_.on_worker_death == WorkerDeathPolicy::break_pool)) {
      fail(*item, failure<BrokenProcessPool>(reason));  // a no-op for what terminate() has stopped, as is fail_call()
    } else {
      fail_call(*item, death);
    }
  }
  if (verdict.breaks_pool) break_pool(reason);
}

inline DeathFacts ProcessPool::facts_of(std::uint32_t index, const WorkerDeath& death,
                                        const WorkItem* item) const noexcept {
  const WorkerSlot& slot = workers_[index];
  DeathFacts facts;
  facts.asked_to_end = slot.stopping || slot.leaving;
  facts.signalled = slot.stopping;
  facts.retired = death.status == ipc::WorkerStatus::retired;
  facts.finishing = death.status == ipc::WorkerStatus::finishing;
  facts.retiring = slot.retiring;
  facts.damaged = death.damaged;
  facts.has_call = item != nullptr;
  if (item != nullptr) {
    facts.call_started = calls_.look(*item).is_started();
    facts.stopped_for_timeout = item->stopped_for_timeout;
    facts.stopped_by_user = item->stopped_by_user;
    facts.retries_left = item->retries_left != 0;
  }
  facts.initializer_failed = !lifecycle_.initializer_failure().empty();
  facts.pool_broken = lifecycle_.is_broken();
  facts.no_more_workers = !lifecycle_.may_start_workers();
  return facts;
}

/// Fails a future whose task a dead worker was running.
inline void ProcessPool::fail_call(WorkItem& item, const WorkerDeath& death) {
  if (item.stopped_for_timeout) {
    fail(item, failure<TaskTimeoutError>("concurrent::futures: the task ran longer than its timeout of " +
                                         std::to_string(std::chrono::duration<double>(*item.options->timeout).count()) +
                                         " s and was stopped: " + death.how + "."));
  } else {
    const int status = death.report.status;
    fail(item, failure<WorkerDied>("concurrent::futures: the worker of this task died: " + death.how + ".",
                                   death.report.pid, death.worker(), exit_status_of(status), signal_of(status),
                                   (status & 0x80) != 0, death.task, std::string(phase_text(death.phase))));
  }
}

/// Ends the future of a call that has been dropped; as cancelled if terminate() has said so.
inline void ProcessPool::fail(WorkItem& item, std::exception_ptr exception) noexcept {
  FutureStateBase& state = item.state();
  if (item.stopped_by_user) {
    finish_callbacks(finish_cancelled(state));
  } else {
    outcomes_.failed.fetch_add(1, std::memory_order_relaxed);
    finish_callbacks(state.finish_with_exception(std::move(exception)));
    if (was_cancelled(state)) outcomes_.failed.fetch_sub(1, std::memory_order_relaxed);
  }
  state.release();
}

/// With the lock: looks after the calls that workers have. Takes out those that were lost: a rogue task may write over
/// a record's state: then no worker will take the call, or none that is there has it.
inline void ProcessPool::look_after_calls(ItemList& lost) {
  bool put_back = false;
  ledger_.for_each_sent([&](WorkItem& item) {
    mutex_.is_held();
    const CallState state = calls_.look(item);
    if (state.stage == CallState::Stage::waiting) return;
    if (state.is_taken() && workers_.is_occupied(state.worker)) {
      // One that was told to leave just when it had claimed a call never begins it, and may run a finalizer for long.
      if (state.is_started() || lifecycle_.is_broken() || !has_left(state.worker) || !calls_.take_back(item)) return;
      ledger_.put_back(item);
      put_back = true;
      return;
    }
    drop_call(item);
    lost.push_back(item);
  });
  if (put_back) feed_call_queue();
}

/// Whether whoever is in this slot says that it begins no other call.
inline bool ProcessPool::has_left(std::uint32_t index) const noexcept {
  const auto status = static_cast<ipc::WorkerStatus>(segment_.worker(index).status.load(std::memory_order_acquire));
  return status == ipc::WorkerStatus::finishing || status == ipc::WorkerStatus::retired;
}

inline void ProcessPool::fail_lost_calls(ItemList& lost) {
  if (lost.empty()) return;
  const std::string reason =
      "concurrent::futures: a call was lost: its record in shared memory was overwritten by a rogue task.";
  log_message(LogLevel::error, reason);
  while (WorkItem* const item = lost.pop_front()) {
    fail(*item, options_.on_worker_death == WorkerDeathPolicy::fail_task ? failure<WorkerDied>(reason)
                                                                         : failure<BrokenProcessPool>(reason));
  }
  if (options_.on_worker_death == WorkerDeathPolicy::break_pool) break_pool(reason);
}

/// Everything that this worker has published.
inline void ProcessPool::collect_all(std::uint32_t index) {
  ResultBatch batch;
  bool more = true;
  while (more) {
    {
      const ipc::MutexLock lock(mutex_);
      more = collect_from(index, batch);
      begin_delivery(batch.size);
    }
    deliver(batch);
  }
}

inline void ProcessPool::vacate_slot(std::uint32_t index) {
  workers_.vacate(index);
  results_.end(index);
  segment_.sleepers(index / 64).fetch_and(~(std::uint64_t{1} << (index % 64)), std::memory_order_seq_cst);
  segment_.worker(index).status.store(static_cast<std::uint32_t>(ipc::WorkerStatus::absent));
  calls_.repair();
  // Nobody starts here until give_back_region has been. What it had published may still be being read: then it stays.
  if (results_.is_read(index)) return;
  results_.reserve_blocks(index);
  workers_[index].blocks_reserved = true;
}

/// After vacate_slot, without the lock: whatever the dead worker had half-written goes back to the system.
inline void ProcessPool::give_back_region(std::uint32_t index) {
  {
    const ipc::MutexLock lock(mutex_);
    if (!std::exchange(workers_[index].blocks_reserved, false)) return;
  }
  const auto region = segment_.worker_region(index);
  os::give_back(region.data(), region.size());
  const ipc::MutexLock lock(mutex_);
  results_.release_blocks(index);
  if (!lifecycle_.is_broken()) feed_call_queue();
}

/// True: the kernel has killed somebody for want of memory since this was last asked.
inline bool ProcessPool::more_oom_kills() {
  const std::int64_t now = os::out_of_memory_kills();
  const std::int64_t before = manager_.oom_kills.exchange(now);
  return before >= 0 && now > before;
}

/// What the call is, in words. Looks up symbols: not under the lock, and only while the item keeps its call.
inline std::string ProcessPool::describe(const WorkItem& item) noexcept {
  try {
    if (item.options != nullptr && !item.options->label.empty()) return item.options->label;
  } catch (const std::bad_alloc&) {
    return {};
  }
  const ipc::CallRecord& record = segment_.record(item.record);
  const std::byte* const bytes = item.block.address != nullptr ? item.block.address : record.bytes;
  return pickle::describe_call(std::span(bytes, item.size));
}

inline std::string ProcessPool::worker_label(std::uint32_t name, pid_t pid) const {
  return ipc::worker_name(options_.mp_context.method(), name) + " (pid " + std::to_string(pid) + ")";
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
