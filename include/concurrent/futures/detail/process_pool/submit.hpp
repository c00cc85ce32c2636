// SPDX-License-Identifier: BSL-1.0
// What a task costs the caller, where it is none of pickling and running: one allocation for future and work item (200
// bytes; up to 120 ns, with its share of fresh pages), one lock to submit (11 ns when nobody else has it) and one for
// each batch of results, and two sums of a short message (2 to 9 ns each). No system call while workers and caller are
// awake: of a burst 15 in 1000 tasks wake somebody (a futex, 2 µs).
#pragma once

#include <concurrent/futures/detail/process_pool/argument_blocks.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/detail/call_queue.hpp>

#include <bit>

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
    throw RuntimeError("concurrent::futures: this executor belongs to process " + std::to_string(mark_.pid()) +
                       ", of which this process is a fork. Make an executor here.");
  }
  const std::uint32_t gate = gate_.load(std::memory_order_acquire);
  if ((gate & (gate_closed | gate_unstarted)) == gate_unstarted) start_now();
  if ((gate_.load(std::memory_order_acquire) & gate_closed) == 0) return check_rights();
  const std::lock_guard lock(mutex_);
  throw_closed();
}

/// With the lock: it takes no more calls.
[[noreturn]] inline void ProcessPool::throw_closed() const {
  if (!broken_.empty()) throw BrokenProcessPool(broken_);
  throw RuntimeError("concurrent::futures: submit after shutdown. Make a new executor for more work.");
}

/// Throws when a task would have other rights than who submits it.
inline void ProcessPool::check_rights() {
  mpd::Rights now;
  if (rights_.same(now)) [[likely]] {
    // Somebody changed the process's user and back: the thread that watches is woken to begin anew.
    if (rights_.was_used()) [[unlikely]] {
      const std::lock_guard lock(mutex_);
      zygote_.send({mpd::ZygoteRequest::Kind::sync, 0, syncs_, 0, 0});
    }
    return;
  }
  throw RuntimeError("concurrent::futures: the program had " + rights_.rights().text() +
                     " when it made this executor and has " + now.text() +
                     " now. Its tasks would run with the rights of then: make an executor after the change.");
}

/// A call that has ended before it was with the pool.
CONCURRENT_FUTURES_INLINE void ProcessPool::count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept {
  const std::lock_guard lock(mutex_);
  ++counts_.submitted;
  ++(counts_.*outcome);
}

/// Takes the pickled call over. The item's state stays referenced until it is resolved.
CONCURRENT_FUTURES_INLINE void ProcessPool::submit(WorkItem& item, CallWriter& call) {
  CONCURRENT_FUTURES_FAULT_POINT("caller.submit");
  ResultBatch batch;
  bool leased = false;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const std::uint32_t gate = gate_.load(std::memory_order_relaxed);
    if (gate != 0) [[unlikely]] {
      if ((gate & gate_closed) != 0) throw_closed();
      item.size = call.size();
      trace_submit(item, call.data());
    }
    // What may throw comes first: a call whose submit throws has never been.
    const bool has_place = pending_.empty() && !queue_->full() && !free_records_.empty();
    item.size = call.size();
    const bool keeps = !has_place && !call.has_block();
    if (keeps) item.keep_pending(call.data());
    try {
      pending_.enter(item);
    } catch (...) {
      if (keeps) item.drop_pending();
      throw;
    }
    item.state().add_reference();
    item.block = call.take_block();
    if (call.has_kept()) [[unlikely]]
      item.kept = call.take_kept();
    ++counts_.submitted;
    counts_.bytes_to_workers += item.size;
    ++outstanding_;
    if (has_place) {
      place(item, call.data());
    } else {
      pending_.push_back(item);
    }
    // While this thread keeps submitting it takes the results off the rings and refills the queue on the way.
    if (results_.ready() && !driver_.load(std::memory_order_relaxed)) collect(batch);
    fill();
    activity_.fetch_add(1, std::memory_order_relaxed);
    leased = take_lease();
    wake = start_backoff_.waits() || item.options != nullptr || !watching_;
    watching_ = true;
  }
  resolve(batch);
  if (leased) leave_lease();
  if (wake) wake_manager();
}

/// Moves pending items into the call queue, and sees to it that somebody takes them.
inline void ProcessPool::fill() {
  while (!pending_.empty() && !queue_->full()) {
    WorkItem& item = *pending_.front();
    if (item.has_record) {
      pending_.remove(item);
      place_again(item);
      continue;
    }
    if (free_records_.empty()) break;
    pending_.remove(item);
    if (item.block.address != nullptr) {
      place(item, nullptr);
    } else {
      place(item, item.pending_bytes());
      item.drop_pending();
    }
  }
  pending_limit_.tell(*this);
  wake_workers();
  start_workers();
  in_hand_.store(outstanding_, std::memory_order_relaxed);
}

inline void ProcessPool::place(WorkItem& item, const std::byte* bytes) {
  item.record = free_records_.back();
  free_records_.pop_back();
  items_[item.record] = &item;
  item.has_record = true;
  mpd::CallRecord& record = segment_.record(item.record);
  const std::uint64_t offset = item.block.address != nullptr ? segment_.offset_of(item.block.address) : 0;
  std::uint32_t flags = item.traced ? mpd::CallRecord::traced : 0;
  if (offset == 0) {
    if (bytes != nullptr) std::memcpy(record.bytes, bytes, item.size);  // never null: a call has one or the other
  }
  if (item.options != nullptr && item.options->timeout) {
    flags |= mpd::CallRecord::timed;
    timed_.push_back(&item);
    begin_to_beat();
  }
  record.size = item.size;
  record.offset = offset;
  record.flags = flags;
  record.sum = mpd::sum_of_call(item.size, offset, flags, bytes);
  place_again(item);
}

/// The item's record holds its call: hands it to the workers (again).
inline void ProcessPool::place_again(WorkItem& item) {
  item.key = (secret_ ^ ++key_count_) * 0x9E3779B97F4A7C15ULL;
  item.key ^= std::rotr(item.key, 29);
  segment_.record(item.record).key = item.key;
  segment_.record(item.record).stop.store(0, std::memory_order_relaxed);
  item.place = WorkItem::Place::record;
  item.ticket = queue_->place(item.record);
  CONCURRENT_FUTURES_FAULT_POINT("caller.placed");
}

/// Wakes sleeping workers until as many are awake and idle as calls wait. Costs nothing while none sleeps.
inline void ProcessPool::wake_workers() {
  std::uint64_t sleeping = 0;
  for (std::uint32_t word = 0; word < segment_.sleeper_words(); ++word)
    sleeping |= segment_.sleepers(word).load(std::memory_order_seq_cst);
  if (sleeping == 0) return;
  std::uint32_t waiting = queue_->waiting();
  if (waiting == 0) return;
  for (std::uint32_t i = 0; i < workers_.size() && waiting != 0; ++i) {
    if (!workers_.is_occupied(i)) continue;
    if (segment_.worker(i).status.load(std::memory_order_relaxed) !=
        static_cast<std::uint32_t>(mpd::WorkerStatus::polling)) {
      workers_[i].ignored_wakeup = false;
    } else if (!workers_[i].ignored_wakeup) {
      --waiting;
    }
  }
  // The lowest place first, so that a load that one worker can carry stays with one.
  for (std::uint32_t word = 0; word < segment_.sleeper_words() && waiting != 0; ++word) {
    std::uint64_t bits = segment_.sleepers(word).load(std::memory_order_seq_cst);
    while (bits != 0 && waiting != 0) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
      const std::uint32_t index = word * 64 + bit;
      segment_.sleepers(word).fetch_and(~(std::uint64_t{1} << bit), std::memory_order_seq_cst);
      if (!workers_.is_occupied(index)) continue;
      mpd::WorkerEntry& entry = segment_.worker(index);
      if (entry.wake.exchange(0, std::memory_order_seq_cst) != 0) {
        mpd::futex_wake(entry.wake, 1, true);
        --waiting;
      }
    }
  }
}

inline void ProcessPool::wake_all_workers() {
  for (std::uint32_t i = 0; i < workers_.size(); ++i) {
    if (!workers_.is_occupied(i)) continue;
    segment_.worker(i).wake.store(0, std::memory_order_seq_cst);
    mpd::futex_wake(segment_.worker(i).wake, 1, true);
  }
}

/// The call is not needed any more, wherever its bytes lie. `outcome`: of its result, if that has come.
inline void ProcessPool::drop_call(WorkItem& item, const char* outcome) noexcept {
  if (item.traced) [[unlikely]]
    trace_end(item, outcome, false);
  if (item.place == WorkItem::Place::pending) {
    pending_.remove(item);
    if (!item.has_record && item.block.address == nullptr) item.drop_pending();
  }
  if (item.has_record) free_record(item);
  if (item.block.address != nullptr) blocks_->free(std::exchange(item.block, {}));
  pending_.leave(item);
  item.place = WorkItem::Place::gone;
  --outstanding_;
}

inline void ProcessPool::free_record(WorkItem& item) noexcept {
  segment_.record(item.record)
      .state.store(mpd::RecordState{item.ticket, mpd::no_worker, mpd::Stage::free}.pack(), std::memory_order_relaxed);
  items_[item.record] = nullptr;
  free_records_.push_back(item.record);  // has had room for all of them from the start
  item.has_record = false;
  if (item.options == nullptr || !item.options->timeout) return;
  for (WorkItem*& timed : timed_) {
    if (timed != &item) continue;
    timed = timed_.back();
    timed_.pop_back();
    return;
  }
}

/// Drops a call that no worker has taken, and counts it: who does this cancels its future.
inline void ProcessPool::take_off(WorkItem& item) noexcept {
  drop_call(item);
  item.counted_as_cancelled = true;
  ++counts_.cancelled;
}

/// cancel() asks: true when no worker has the call and none will.
CONCURRENT_FUTURES_INLINE bool ProcessPool::withdraw(WorkItem& item) noexcept {
  if (!is_here()) return false;
  {
    const std::lock_guard lock(mutex_);
    if (item.place != WorkItem::Place::pending && item.place != WorkItem::Place::record) return false;
    if (item.place == WorkItem::Place::record && !queue_->withdraw(item.record, item.ticket)) return false;
    take_off(item);
    fill();
  }
  item.state().release();  // the pool's; whoever cancels has a handle
  wake_manager();          // it may have been what a shutdown waits for
  return true;
}

CONCURRENT_FUTURES_INLINE bool ProcessPool::taken(const WorkItem& item) noexcept {
  if (!is_here()) return false;
  const std::lock_guard lock(mutex_);
  if (item.place != WorkItem::Place::record)
    return item.place == WorkItem::Place::gone || item.place == WorkItem::Place::settling;
  const auto state = mpd::RecordState::unpack(segment_.record(item.record).state.load(std::memory_order_acquire));
  return state.stage == mpd::Stage::claimed || state.stage == mpd::Stage::started;
}

/// What the call's worker says of how far it is.
CONCURRENT_FUTURES_INLINE void ProcessPool::read_progress(const WorkItem& item, std::uint64_t& done,
                                                          std::uint64_t& total) noexcept {
  if (!is_here()) return;
  const std::lock_guard lock(mutex_);
  bool started = false;
  const std::uint32_t holder = holder_of(item, started);
  if (started && holder < workers_.size())
    segment_.worker(holder).progress.read(mpd::pack_call(item.ticket, item.record), done, total);
}

/// Takes back every call that no worker has taken. Their futures are the caller's to cancel.
inline void ProcessPool::take_unstarted(ItemList& items) noexcept {
  while (WorkItem* const item = pending_.front()) {
    take_off(*item);
    items.push_back(*item);
  }
  for (WorkItem* const item : items_) {
    if (item == nullptr || item->place != WorkItem::Place::record || !queue_->withdraw(item->record, item->ticket))
      continue;
    take_off(*item);
    items.push_back(*item);
  }
}

inline void ProcessPool::cancel_all(ItemList& items) noexcept {
  while (WorkItem* const item = items.pop_front()) {
    finish_callbacks(item->state().finish_cancelled());
    item->state().release();
  }
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
