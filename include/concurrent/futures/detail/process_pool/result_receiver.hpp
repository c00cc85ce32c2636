// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/checked_result.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Takes what workers have published off their rings. This is where the caller meets bytes that it has not written:
/// nothing leaves here that cannot be, and a worker that has written such a thing is not listened to any more. What a
/// result claims to answer is for its user to compare, who tells by distrust() if that cannot be either.
///
/// Belongs to the pool's lock, but for what says that it needs none. A slot is a place for a worker, and has one ring.
class ResultReceiver {
 public:
  enum class Take : std::uint8_t { none, item, malformed };

  /// Before any worker starts. `segment` stays where it is.
  void open(multiprocessing::detail::Segment& segment);

  /// Before a worker starts in this slot: whatever stands in the ring is not its.
  void begin(std::uint32_t slot) noexcept;
  /// After it has ended, and its ring has been read.
  void end(std::uint32_t slot) noexcept;

  /// Whether there is something to take. Needs no lock; an old answer is no harm.
  bool ready() const noexcept;
  /// The same of one ring.
  bool ready(std::uint32_t slot) const noexcept;
  /// The next result. `malformed`: what stands there cannot be; it is distrusted from now on.
  Take take(std::uint32_t slot, ResultItem& item) noexcept;
  /// After taking: the worker may write there again, and is woken if it waits to.
  void tell_worker(std::uint32_t slot) noexcept;
  /// Once its content has been read, and once only. Needs no lock.
  void give_back(std::uint32_t slot, const ResultItem& item) noexcept { give_back(slot, item.block); }
  void give_back(std::uint32_t slot, const std::byte* block) noexcept;

  /// Counts `size` bytes of a block as kept until release_kept. False: that would be so much that the worker could find
  /// no room for its next results. Need no lock.
  bool reserve_kept(std::uint32_t slot, std::uint64_t size) noexcept;
  void release_kept(std::uint64_t size) noexcept { kept_.fetch_sub(size, std::memory_order_relaxed); }

  void distrust(std::uint32_t slot) noexcept { rings_[slot].distrusted = true; }
  bool is_distrusted(std::uint32_t slot) const noexcept { return rings_[slot].distrusted; }

  /// How many results wait there.
  std::size_t count(std::uint32_t slot) const noexcept;
  /// Whether that of this call is among them.
  bool holds(std::uint32_t slot, std::uint64_t call) const noexcept;

  /// Whether somebody reads the slot's blocks, or has reserved them: then no other worker may write there.
  bool is_read(std::uint32_t slot) const noexcept { return rings_[slot].reading.load(std::memory_order_acquire) != 0; }
  void reserve_blocks(std::uint32_t slot) noexcept { rings_[slot].reading.fetch_add(1, std::memory_order_relaxed); }
  void release_blocks(std::uint32_t slot) noexcept { rings_[slot].reading.fetch_sub(1, std::memory_order_release); }

 private:
  struct Ring {
    std::uint64_t position = 0;             // of the next result to come; goes on from one worker to the next
    std::atomic<std::uint32_t> reading{0};  // results in blocks that have not been given back; no lock needed
    bool distrusted = false;
  };
  static constexpr std::uint64_t nobody = ~std::uint64_t{0};
  static constexpr std::uint64_t most_kept = std::uint64_t{128} << 20;

  multiprocessing::detail::Segment* segment_ = nullptr;
  std::atomic<std::uint64_t> kept_{0};  // bytes
  std::atomic<std::uint32_t> used_{0};  // slots from here on have never been used
  pickle::detail::UniqueArray<Ring> rings_;
  pickle::detail::UniqueArray<std::atomic<std::uint64_t>>
      cursors_;  // each ring's position, or nobody; read without the lock
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
