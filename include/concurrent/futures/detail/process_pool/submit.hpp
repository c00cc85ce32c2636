// SPDX-License-Identifier: BSL-1.0
// What a task costs the caller, where it is none of pickling and running: one allocation for future and work item (200
// bytes; up to 120 ns, with its share of fresh pages), one lock to submit (11 ns when nobody else has it) and one for
// each batch of results, and two sums of a short message (2 to 9 ns each). No system call while workers and caller are
// awake: of a burst 15 in 1000 tasks wake somebody (a futex, 2 µs).
#pragma once

#include <concurrent/futures/detail/process_pool/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool/call_sender.impl.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/process_pool/wakeups.impl.hpp>
#include <concurrent/futures/exceptions.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Throws what submit has to throw.
CONCURRENT_FUTURES_INLINE void ProcessPool::check_open() {
  if (!is_here()) {
    if (called_in_own_worker(id_)) {
      throw RuntimeError(
          "concurrent::futures: a task may not use the pool that runs it: it would wait for itself. Submit follow-up "
          "work from the caller, or make another pool inside the task.");
    }
    throw RuntimeError("concurrent::futures: this executor belongs to process " + std::to_string(fork_guard_.pid()) +
                       ", of which this process is a fork. Make an executor here.");
  }
  if (admission_.awaits_start()) start_now();
  if (!PoolAdmission::is_closed(admission_.flags())) return check_rights();
  const ipc::MutexLock lock(mutex_);
  throw_closed();
}

/// With the lock: it takes no more calls.
[[noreturn]] inline void ProcessPool::throw_closed() const {
  if (lifecycle_.is_broken()) throw BrokenProcessPool(text_of_broken(lifecycle_.reason()));
  throw RuntimeError("concurrent::futures: submit after shutdown. Make a new executor for more work.");
}

/// Throws when a task would have other rights than who submits it.
inline void ProcessPool::check_rights() {
  ipc::Rights now;
  if (rights_.same(now)) [[likely]] {
    // Somebody changed the process's user and back: the thread that watches is woken to begin anew.
    if (rights_.was_used()) [[unlikely]] {
      const ipc::MutexLock lock(mutex_);
      helper_.nudge_monitor();
    }
    return;
  }
  throw RuntimeError("concurrent::futures: the program had " + rights_.rights().text() +
                     " when it made this executor and has " + now.text() +
                     " now. Its tasks would run with the rights of then: make an executor after the change.");
}

/// A call that has ended before it was with the pool.
CONCURRENT_FUTURES_INLINE void ProcessPool::count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept {
  const ipc::MutexLock lock(mutex_);
  ++counts_.submitted;
  ++(counts_.*outcome);
}

/// Takes the pickled call over. The item's state stays referenced until it is resolved.
CONCURRENT_FUTURES_INLINE void ProcessPool::submit(WorkItem& item, CallWriter& call) {
  CONCURRENT_FUTURES_FAULT_POINT("caller.submit");
  ResultBatch batch;
  bool suppressed = false;
  bool wake = false;
  std::string label;
  if (admission_.flags() != 0) [[unlikely]]
    label = label_for_trace(item, call);
  {
    const ipc::MutexLock lock(mutex_);
    if (const std::uint32_t admission = admission_.flags(); admission != 0) [[unlikely]] {
      if (PoolAdmission::is_closed(admission)) throw_closed();
      trace_submit(item, std::move(label));
    }
    // What may throw comes first: a call whose submit throws has never been.
    const bool goes_at_once = !ledger_.any_waits() && calls_.has_room() && ledger_.has_free_record();
    item.size = call.size();
    const bool keeps = !goes_at_once && !call.has_block();
    if (keeps) item.keep_bytes(call.data());
    try {
      ledger_.enter(item);
    } catch (...) {
      if (keeps) item.drop_bytes();
      throw;
    }
    item.state().add_reference();
    item.block = call.take_block();
    if (call.has_kept()) [[unlikely]]
      item.kept = call.take_kept();
    ++counts_.submitted;
    counts_.bytes_to_workers += item.size;
    ledger_.add(item);
    if (goes_at_once) {
      send(item, call.data());
    } else {
      ledger_.keep_waiting(item);
    }
    // While this thread keeps submitting it takes the results off the rings and refills the queue on the way.
    if (results_.ready() && !wakeups_.is_pumped()) collect(batch);
    feed_call_queue();
    wakeups_.note_progress();
    suppressed = wakeups_.suppress_wakeups();
    wake = start_backoff_.waits() || item.options != nullptr || !manager_will_wake_;
    manager_will_wake_ = true;
  }
  deliver(batch);
  if (suppressed) wakeups_.recheck_suppression(results_ready());
  if (wake) wake_manager();
}

/// Moves waiting calls into the call queue, and sees to it that somebody takes them.
inline void ProcessPool::feed_call_queue() {
  while (ledger_.any_waits() && calls_.has_room()) {
    WorkItem& item = *ledger_.first_waiting();
    if (item.has_record) {
      ledger_.stop_waiting(item);
      send_again(item);
      continue;
    }
    if (!ledger_.has_free_record()) break;
    ledger_.stop_waiting(item);
    if (item.block.address != nullptr) {
      send(item, static_cast<const std::byte*>(item.block.address));
    } else {
      send(item, item.waiting_bytes());
      item.drop_bytes();
    }
  }
  pending_limit_.tell(*this);
  calls_.wake_workers(workers_);
  start_workers();
  poll_budget_.note_outstanding(ledger_.outstanding());
}

/// `bytes`: of the call, wherever it lies. Never null: GCC 12 takes it for read, and warns, even where none is.
inline void ProcessPool::send(WorkItem& item, const std::byte* bytes) {
  ledger_.give_record(item);
  calls_.write(item, bytes);
  if (item.is_timed()) begin_to_beat();
  send_again(item);
}

/// The item's record holds its call: hands it to the workers (again).
inline void ProcessPool::send_again(WorkItem& item) { calls_.enqueue(item, ledger_.mark_sent(item)); }

/// The call is not needed any more, wherever its bytes lie. `outcome`: of its result, if that has come.
inline void ProcessPool::drop_call(WorkItem& item, const char* outcome) noexcept {
  if (item.traced) [[unlikely]]
    trace_end(item, outcome, false);
  if (item.location == CallLocation::waiting) {
    ledger_.stop_waiting(item);
    if (!item.has_record && item.block.address == nullptr) item.drop_bytes();
  }
  if (item.has_record) {
    calls_.erase(item);
    ledger_.take_record(item);
  }
  if (item.block.address != nullptr) blocks_->free(std::exchange(item.block, {}));
  ledger_.close(item);
}

/// Drops a call that no worker has taken, and counts it: who does this cancels its future.
inline void ProcessPool::take_off(WorkItem& item) noexcept {
  drop_call(item);
  item.counted_as_cancelled = true;
  ++counts_.cancelled;
}

/// cancel() asks: true when no worker has the call and none will.
CONCURRENT_FUTURES_INLINE bool ProcessPool::withdraw(OwnedCall& call) noexcept {
  if (!is_here()) return false;
  auto& item = static_cast<WorkItem&>(call);
  {
    const ipc::MutexLock lock(mutex_);
    if (item.location != CallLocation::waiting && item.location != CallLocation::sent) return false;
    if (item.location == CallLocation::sent && !calls_.withdraw(item)) return false;
    take_off(item);
    feed_call_queue();
  }
  item.state().release();  // the pool's; whoever cancels has a handle, and runs the callbacks
  wake_manager();          // it may have been what a shutdown waits for
  return true;
}

CONCURRENT_FUTURES_INLINE bool ProcessPool::taken(const OwnedCall& call) noexcept {
  if (!is_here()) return false;
  const auto& item = static_cast<const WorkItem&>(call);
  const ipc::MutexLock lock(mutex_);
  if (item.location != CallLocation::sent)
    return item.location == CallLocation::gone || item.location == CallLocation::settling;
  return calls_.look(item).is_taken();
}

/// What the call's worker says of how far it is.
CONCURRENT_FUTURES_INLINE void ProcessPool::read_progress(OwnedCall& call, std::uint64_t& done,
                                                          std::uint64_t& total) noexcept {
  if (!is_here()) return;
  const auto& item = static_cast<const WorkItem&>(call);
  const ipc::MutexLock lock(mutex_);
  if (item.location != CallLocation::sent) return;
  const CallState state = calls_.look(item);
  if (state.is_started())
    segment_.worker(state.worker).progress.read(ipc::pack_call(item.ticket, item.record), done, total);
}

/// Takes back every call that no worker has taken; cancel_all() has to follow, without the lock, or
/// what ends their futures in another way, and end_delivery().
inline void ProcessPool::take_unstarted(ItemList& items) noexcept {
  while (WorkItem* const item = ledger_.first_waiting()) {
    take_off(*item);
    items.push_back(*item);
  }
  ledger_.for_each_sent([&](WorkItem& item) {
    mutex_.is_held();
    if (!calls_.withdraw(item)) return;
    take_off(item);
    items.push_back(item);
  });
  begin_delivery(items.size());
}

inline void ProcessPool::cancel_all(ItemList& items) noexcept {
  if (items.empty()) return;
  const std::size_t count = items.size();
  CONCURRENT_FUTURES_FAULT_POINT("caller.taken_back");
  while (WorkItem* const item = items.pop_front()) {
    finish_callbacks(item->state().finish_cancelled());
    item->state().release();
  }
  end_delivery(count);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
