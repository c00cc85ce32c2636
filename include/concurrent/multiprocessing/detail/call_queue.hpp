// SPDX-License-Identifier: BSL-1.0
// The two ends of the call queue. layout.hpp says who owns which word.
//
// What a worker reads of a call was written before the caller stored a `tail` past it, and the worker has read such a
// one: this hands over the entry, the record's state and its bytes. No other word here orders anything: each step of a
// state is made by one compare-and-swap from a word that names the call, and `head` is a hint.
#pragma once

#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>

#include <cstdint>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

inline constexpr std::uint64_t no_call = ~std::uint64_t{0};

/// The workers' end: takes the oldest call that is still ready. Returns no_call when there is none.
inline std::uint64_t claim_call(const Segment& segment, std::uint32_t worker) noexcept {
  CallQueue& queue = segment.queue();
  for (;;) {
    std::uint64_t head = queue.head.load(std::memory_order_relaxed);
    const std::uint64_t tail = queue.tail.load(std::memory_order_acquire);
    if (static_cast<std::int64_t>(tail - head) <= 0) return no_call;
    const std::uint64_t call = segment.queue_entry(head).load(std::memory_order_relaxed);
    if (ticket_of(call) != (head & ticket_mask)) {                             // `head` has moved on meanwhile
      if (queue.head.load(std::memory_order_relaxed) == head) return no_call;  // or is damaged: not our work to mend
      continue;
    }
    const std::uint32_t index = record_of(call);
    if (index >= segment.geometry().records) return no_call;
    std::uint64_t ready = RecordState{head, no_worker, Stage::ready}.pack();
    const std::uint64_t claimed = RecordState{head, worker, Stage::claimed}.pack();
    const bool taken = segment.record(index).state.compare_exchange_strong(ready, claimed, std::memory_order_relaxed);
    if (taken) CONCURRENT_FUTURES_FAULT_POINT("worker.call_taken");
    // Ours now, or somebody else's before us, or cancelled: in any case this position is done with.
    queue.head.compare_exchange_strong(head, head + 1, std::memory_order_relaxed);
    if (taken) return call;
  }
}

/// The step from claimed to started, from which on the caller does not take the call back. False: it has. Who sees the
/// step sees when the call began.
inline bool begin_call(CallRecord& record, std::uint64_t call, std::uint32_t worker) noexcept {
  std::uint64_t claimed = RecordState{ticket_of(call), worker, Stage::claimed}.pack();
  const std::uint64_t started = RecordState{ticket_of(call), worker, Stage::started}.pack();
  return record.state.compare_exchange_strong(claimed, started, std::memory_order_release);
}

/// For the caller, which looks for the worker's result after that (layout.hpp says why, of WorkerEntry::leave).
inline void tell_to_leave(WorkerEntry& entry) noexcept { entry.leave.store(1, std::memory_order_seq_cst); }
/// For the worker, between the claim and begin_call.
inline bool is_told_to_leave(const WorkerEntry& entry) noexcept {
  return entry.leave.load(std::memory_order_seq_cst) != 0;
}

/// True when a call may be waiting; pairs with the caller's enqueue-then-look-for-sleepers.
inline bool calls_wait(const Segment& segment) noexcept {
  const CallQueue& queue = segment.queue();
  return static_cast<std::int64_t>(queue.tail.load(std::memory_order_seq_cst) -
                                   queue.head.load(std::memory_order_relaxed)) > 0;
}

/// The caller's end. Used under the pool's lock; trusts nothing that workers can write but the records' state words.
class CallQueueWriter {
 public:
  explicit CallQueueWriter(const Segment& segment) : segment_(&segment), limit_(segment.geometry().queue_capacity) {
    placed_.reserve(limit_);
    while (placed_.size() < limit_) placed_.push_back(0);
  }

  /// Calls that wait for a worker.
  std::uint32_t waiting() noexcept {
    while (head_ != tail_) {
      const std::uint32_t record = placed_[head_ % placed_.size()];
      const std::uint64_t state = segment_->record(record).state.load(std::memory_order_relaxed);
      if (state == RecordState{head_, no_worker, Stage::ready}.pack()) break;
      ++head_;
    }
    return static_cast<std::uint32_t>(tail_ - head_);
  }
  /// Whether another call is the oldest that waits, or another would be, than when this was last asked.
  bool moves_on() noexcept {
    waiting();
    return std::exchange(seen_, head_) != head_;
  }
  bool full() noexcept { return tail_ - head_ >= limit_ && waiting() >= limit_; }
  /// How many calls may wait from now on, at most the queue's capacity. What is there stays.
  void set_limit(std::size_t limit) noexcept { limit_ = limit; }

  /// Hands a written record over. Returns its ticket. Only when not full().
  std::uint64_t enqueue(std::uint32_t record) noexcept {
    const std::uint64_t ticket = tail_++;
    placed_[ticket % placed_.size()] = record;
    segment_->record(record).state.store(RecordState{ticket, no_worker, Stage::ready}.pack(),
                                         std::memory_order_relaxed);
    // A worker that stopped after its claim may have left `head` behind; nobody may read this position as an older one,
    // nor see more calls wait than may.
    // What it was is enough to know while it was far enough: it moves on only.
    if (ticket - shared_head_ >= limit_) {
      shared_head_ = segment_->queue().head.load(std::memory_order_relaxed);
      while (ticket - shared_head_ >= limit_ && head_ != shared_head_) {
        if (segment_->queue().head.compare_exchange_weak(shared_head_, head_, std::memory_order_relaxed))
          shared_head_ = head_;
      }
    }
    segment_->queue_entry(ticket).store(pack_call(ticket, record), std::memory_order_relaxed);
    segment_->queue().tail.store(tail_, std::memory_order_seq_cst);
    return ticket;
  }

  /// Takes a call back unless a worker has it.
  bool withdraw(std::uint32_t record, std::uint64_t ticket) noexcept {
    std::uint64_t ready = RecordState{ticket, no_worker, Stage::ready}.pack();
    return segment_->record(record).state.compare_exchange_strong(
        ready, RecordState{ticket, no_worker, Stage::cancelled}.pack(), std::memory_order_relaxed);
  }

  /// Takes a call back unless it has begun, also from a worker that has claimed it: that one will not begin it.
  bool take_back(std::uint32_t record, std::uint64_t ticket) noexcept {
    Shared<std::uint64_t>& word = segment_->record(record).state;
    const std::uint64_t cancelled = RecordState{ticket, no_worker, Stage::cancelled}.pack();
    std::uint64_t seen = word.load(std::memory_order_relaxed);
    for (;;) {
      const auto state = RecordState::unpack(seen);
      if (state.ticket != (ticket & ticket_mask) || (state.stage != Stage::ready && state.stage != Stage::claimed))
        return false;
      if (word.compare_exchange_weak(seen, cancelled, std::memory_order_relaxed)) return true;
    }
  }

  /// Puts right what a rogue worker may have done to the shared words.
  void repair() noexcept {
    waiting();
    for (std::uint64_t position = head_; position != tail_; ++position)
      segment_->queue_entry(position).store(pack_call(position, placed_[position % placed_.size()]),
                                            std::memory_order_relaxed);
    segment_->queue().head.store(head_, std::memory_order_relaxed);
    segment_->queue().tail.store(tail_, std::memory_order_release);
    shared_head_ = head_;
  }

 private:
  const Segment* segment_;
  PlainVector<std::uint32_t> placed_;  // the record at each position, ours to trust
  std::size_t limit_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  std::uint64_t shared_head_ = 0;           // CallQueue::head as it was last seen
  std::uint64_t seen_ = ~std::uint64_t{0};  // `head_` at the last moves_on()
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
