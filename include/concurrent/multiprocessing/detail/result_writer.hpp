// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/block_list.hpp>
#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/grow_in_blocks.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A worker's blocks for large results. It alone allocates; the caller says in each block's `busy` word when it is done
/// with it.
class ResultBlocks {
 public:
  /// `most`: as many results as the ring has entries may be handed over and not be done with. Room for them is made
  /// now, so that publishing one needs no memory. There are more while a thread of the caller's loads a batch: it gives
  /// the entries back first.
  ResultBlocks(std::span<std::byte> region, std::size_t most) : blocks_(region) { published_.reserve(most); }

  /// Room for a block with `size` bytes after its header; null when there is none.
  Allocation allocate(std::size_t size) {
    collect();
    return blocks_.allocate(size + sizeof(Block));
  }
  bool extend(Allocation& block, std::size_t size) { return blocks_.extend(block, size + sizeof(Block)); }
  void free(Allocation block) noexcept { blocks_.free(block); }

  /// From now on the block is the caller's until it clears `busy`. What the result means lives as long.
  void hand_over(Allocation block, pickle::Writer::Kept kept = {}) {
    published_.push_back({block, std::move(kept)});
    auto* const header = ::new (block.address) Block{};
    header->capacity = block.size - sizeof(Block);
    header->busy.store(1, std::memory_order_relaxed);  // the entry's commit makes it visible
  }

  /// Takes back what the caller is done with. What the results meant lives until let_go().
  void collect() noexcept {
    for (std::size_t i = 0; i < published_.size();) {
      Published& one = published_[i];
      if (reinterpret_cast<Block*>(one.block.address)->busy.load(std::memory_order_acquire) != 0) {
        ++i;
        continue;
      }
      blocks_.free(one.block);
      done_with_.take(one.kept);
      if (i + 1 != published_.size()) one = std::move(published_.back());
      published_.pop_back();
    }
  }
  /// Lets go of what results meant that the caller is done with. To unmap large memory takes milliseconds: a time for
  /// it is when nobody waits for this worker.
  void let_go() noexcept { done_with_.clear(); }
  /// Whether something is kept for a caller that has not loaded its result yet.
  bool keeps() noexcept {
    collect();
    for (const Published& one : published_) {
      if (!one.kept.empty()) return true;
    }
    return false;
  }
  /// Gives the pages of what is free back to the system.
  void trim() noexcept {
    collect();
    let_go();
    if (blocks_.touched() != 0) blocks_.trim();
  }

 private:
  struct Published {
    using MovedByBytes = pickle::Writer::Kept;
    Allocation block;
    pickle::Writer::Kept kept;
  };

  BlockList blocks_;
  PlainVector<Published> published_;
  pickle::Writer::Kept done_with_;
};

/// Where a worker pickles a result: first into memory of its own, and into a block once it outgrows the ring's entry.
class ResultWriter : public pickle::Writer {
 public:
  explicit ResultWriter(ResultBlocks& blocks) noexcept
      : Writer(short_, short_ + ResultEntry::inline_capacity, &ResultWriter::grow), blocks_(&blocks) {
    keep_what_is_sent();
  }
  ~ResultWriter() {
    if (block_.address != nullptr) blocks_->free(block_);
  }

  /// When all is written: what the result means is kept as long as its block, so it has one, however short it is.
  /// Throws: PicklingError when there is no room.
  void finish() {
    if (has_kept() && block_.address == nullptr) grow(*this, ResultEntry::inline_capacity);
  }

  /// Where the bytes lie, for the entry; 0: inside it, copied there now. A block is handed over.
  std::uint64_t publish(const Segment& segment, ResultEntry& entry) {
    if (block_.address == nullptr) {
      std::memcpy(entry.bytes, short_, size());
      return 0;
    }
    blocks_->hand_over(block_, take_kept());
    const std::uint64_t offset = segment.offset_of(block_.address) + sizeof(Block);
    block_ = {};
    return offset;
  }

 private:
  static void grow(pickle::Writer& writer, std::size_t needed) {
    CONCURRENT_FUTURES_FAULT_POINT("worker.result_grows");
    auto& self = static_cast<ResultWriter&>(writer);
    if (grow_in_blocks(self, needed, *self.blocks_, self.block_, sizeof(Block))) return;
    throw pickle::PicklingError("concurrent::futures: result too large: " + std::to_string(self.size() + needed) +
                                " bytes. There is no shared memory for it; return it in parts or through a file.");
  }

  ResultBlocks* blocks_;
  Allocation block_;
  alignas(cache_line) std::byte short_[ResultEntry::inline_capacity];
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
