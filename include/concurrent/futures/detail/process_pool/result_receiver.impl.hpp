// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/result_receiver.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

inline void ResultReceiver::open(ipc::Segment& segment) {
  segment_ = &segment;
  const std::uint32_t slot_count = segment.geometry().workers;
  rings_ = pickle::detail::UniqueArray<Ring>(slot_count);
  cursors_ = pickle::detail::UniqueArray<std::atomic<std::uint64_t>>(slot_count);
  for (std::uint32_t slot = 0; slot < slot_count; ++slot) cursors_[slot] = nobody;
}

inline void ResultReceiver::begin(std::uint32_t slot) noexcept {
  Ring& ring = rings_[slot];
  ring.distrusted = false;
  // What stands in the ring is done with, or was written by a rogue worker: not by this worker in any case.
  for (std::uint32_t i = 0; i < segment_->geometry().ring_capacity; ++i)
    segment_->result(slot, i).commit.store(0, std::memory_order_relaxed);
  ipc::WorkerEntry& entry = segment_->worker(slot);
  entry.first_position = ring.position;
  entry.consumed.store(ring.position);
  cursors_[slot].store(ring.position, std::memory_order_release);
  if (slot >= used_.load(std::memory_order_relaxed)) used_.store(slot + 1, std::memory_order_release);
}

inline void ResultReceiver::end(std::uint32_t slot) noexcept {
  cursors_[slot].store(nobody, std::memory_order_release);
}

inline bool ResultReceiver::ready() const noexcept {
  for (std::uint32_t slot = 0, used = used_.load(std::memory_order_acquire); slot < used; ++slot) {
    const std::uint64_t position = cursors_[slot].load(std::memory_order_acquire);
    if (position != nobody && segment_->result(slot, position).commit.load(std::memory_order_seq_cst) == position + 1)
      return true;
  }
  return false;
}

inline bool ResultReceiver::ready(std::uint32_t slot) const noexcept {
  const Ring& ring = rings_[slot];
  return !ring.distrusted &&
         segment_->result(slot, ring.position).commit.load(std::memory_order_acquire) == ring.position + 1;
}

inline ResultReceiver::Take ResultReceiver::take(std::uint32_t slot, ResultItem& item) noexcept {
  if (!ready(slot)) return Take::none;
  Ring& ring = rings_[slot];
  if (!check_result(*segment_, slot, segment_->result(slot, ring.position), item)) {
    ring.distrusted = true;
    return Take::malformed;
  }
  if (item.block != nullptr) reserve_blocks(slot);
  ++ring.position;
  return Take::item;
}

inline void ResultReceiver::tell_worker(std::uint32_t slot) noexcept {
  const std::uint64_t position = rings_[slot].position;
  ipc::WorkerEntry& entry = segment_->worker(slot);
  entry.consumed.store(position, std::memory_order_seq_cst);
  cursors_[slot].store(position, std::memory_order_release);
  if (entry.waits_for_room.load(std::memory_order_seq_cst) == 0) return;
  entry.wake.store(0, std::memory_order_seq_cst);
  ipc::futex_wake(entry.wake, 1, true);
}

inline void ResultReceiver::give_back(std::uint32_t slot, const std::byte* block) noexcept {
  if (block == nullptr) return;
  auto* const header = reinterpret_cast<ipc::Block*>(const_cast<std::byte*>(block) - sizeof(ipc::Block));
  header->busy.store(0, std::memory_order_release);
  release_blocks(slot);
}

inline bool ResultReceiver::reserve_kept(std::uint32_t slot, std::uint64_t size) noexcept {
  const std::uint64_t kept = kept_.load(std::memory_order_relaxed);
  if (size > segment_->worker_region(slot).size() / 8 || (kept != 0 && kept + size > most_kept)) return false;
  kept_.fetch_add(size, std::memory_order_relaxed);
  return true;
}

inline std::size_t ResultReceiver::count(std::uint32_t slot) const noexcept {
  const std::uint64_t first = rings_[slot].position;
  std::uint64_t at = first;
  while (!rings_[slot].distrusted && at != first + segment_->geometry().ring_capacity &&
         segment_->result(slot, at).commit.load(std::memory_order_acquire) == at + 1)
    ++at;
  return at - first;
}

inline bool ResultReceiver::holds(std::uint32_t slot, std::uint64_t call) const noexcept {
  const std::uint64_t first = rings_[slot].position;
  for (std::uint64_t at = first; at != first + segment_->geometry().ring_capacity; ++at) {
    const ipc::ResultEntry& entry = segment_->result(slot, at);
    if (entry.commit.load(std::memory_order_seq_cst) != at + 1) return false;
    if (entry.call == call) return true;
  }
  return false;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
