// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/call_sender.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <bit>
#include <cstring>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

inline void CallSender::open(ipc::Segment& segment) {
  segment_ = &segment;
  queue_ = pickle::detail::UniquePointer<ipc::CallQueueWriter>::make(segment);
}

inline bool CallSender::has_room() noexcept { return !queue_->full(); }
inline void CallSender::set_limit(std::size_t calls) noexcept { queue_->set_limit(calls); }
inline std::uint32_t CallSender::waiting() noexcept { return queue_->waiting(); }
inline bool CallSender::moves_on() noexcept { return queue_->moves_on(); }
inline void CallSender::repair() noexcept { queue_->repair(); }

inline void CallSender::write(WorkItem& item, const std::byte* bytes) noexcept {
  ipc::CallRecord& record = segment_->record(item.record);
  const std::uint64_t offset = item.block.address != nullptr ? segment_->offset_of(item.block.address) : 0;
  std::uint32_t flags = item.traced ? ipc::CallRecord::traced : 0;
  if (item.is_timed()) flags |= ipc::CallRecord::timed;
  if (offset != 0) {
    flags |= ipc::CallRecord::in_block;
    record.set_offset(offset);
  } else {
    std::memcpy(record.bytes, bytes, item.size);
  }
  record.size = item.size;
  record.flags.store(flags, std::memory_order_relaxed);
  record.checksum = ipc::checksum_of_call(item.size, offset, flags, bytes);
}

inline void CallSender::enqueue(WorkItem& item, std::uint64_t nonce) noexcept {
  ipc::CallRecord& record = segment_->record(item.record);
  record.nonce = nonce;
  record.stop.store(0, std::memory_order_relaxed);
  item.ticket = queue_->enqueue(item.record);
  CONCURRENT_FUTURES_FAULT_POINT("caller.placed");
}

inline bool CallSender::withdraw(WorkItem& item) noexcept { return queue_->withdraw(item.record, item.ticket); }
inline bool CallSender::take_back(WorkItem& item) noexcept { return queue_->take_back(item.record, item.ticket); }

inline void CallSender::request_stop(const WorkItem& item) noexcept {
  segment_->record(item.record).stop.store(ipc::stop_number(item.ticket), std::memory_order_release);
}

inline void CallSender::erase(WorkItem& item) noexcept {
  segment_->record(item.record)
      .state.store(ipc::RecordState{item.ticket, ipc::no_worker, ipc::Stage::free}.pack(), std::memory_order_relaxed);
}

inline CallState CallSender::look(const WorkItem& item) const noexcept {
  const auto state = ipc::RecordState::unpack(segment_->record(item.record).state.load(std::memory_order_acquire));
  if (state.ticket != (item.ticket & ipc::ticket_mask)) return {};
  if (state.stage == ipc::Stage::ready && state.worker == ipc::no_worker)
    return {CallState::Stage::waiting, ipc::no_worker};
  if (state.worker >= segment_->geometry().workers) return {};
  if (state.stage == ipc::Stage::claimed) return {CallState::Stage::claimed, state.worker};
  if (state.stage == ipc::Stage::started) return {CallState::Stage::started, state.worker};
  return {};
}

inline void CallSender::wake_workers(WorkerTable& workers) noexcept {
  std::uint64_t sleeping = 0;
  const std::uint32_t words = ipc::Segment::sleeper_words(workers.size());
  for (std::uint32_t word = 0; word < words; ++word)
    sleeping |= segment_->sleepers(word).load(std::memory_order_seq_cst);
  if (sleeping == 0) return;
  std::uint32_t waiting = queue_->waiting();
  if (waiting == 0) return;
  for (std::uint32_t i = 0; i < workers.size() && waiting != 0; ++i) {
    if (!workers[i].is_occupied()) continue;
    if (segment_->worker(i).status.load(std::memory_order_relaxed) !=
        static_cast<std::uint32_t>(ipc::WorkerStatus::polling)) {
      workers[i].ignored_wakeup = false;
    } else if (!workers[i].ignored_wakeup) {
      --waiting;
    }
  }
  // The lowest slot first, so that a load that one worker can carry stays with one.
  for (std::uint32_t word = 0; word < words && waiting != 0; ++word) {
    std::uint64_t bits = segment_->sleepers(word).load(std::memory_order_seq_cst);
    while (bits != 0 && waiting != 0) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
      const std::uint32_t slot = word * 64 + bit;
      segment_->sleepers(word).fetch_and(~(std::uint64_t{1} << bit), std::memory_order_seq_cst);
      if (!workers.is_occupied(slot)) continue;
      ipc::WorkerEntry& entry = segment_->worker(slot);
      if (entry.wake.exchange(0, std::memory_order_seq_cst) != 0) {
        ipc::futex_wake(entry.wake, 1, true);
        --waiting;
      }
    }
  }
}

inline void CallSender::wake_worker(std::uint32_t slot) noexcept {
  ipc::WorkerEntry& entry = segment_->worker(slot);
  entry.wake.store(0, std::memory_order_seq_cst);
  ipc::futex_wake(entry.wake, 1, true);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
