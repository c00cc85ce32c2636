// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/allocation.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <concurrent/os/pages.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Cuts a region of shared memory into large blocks, best fit first. The account lies in the private memory of the one
/// process that allocates here, so nothing another process does can damage it. Blocks that were touched are used again
/// before fresh ones, since a fresh page costs ten times the copy into it.
class LargeBlocks {
 public:
  LargeBlocks() = default;
  explicit LargeBlocks(std::span<std::byte> region) noexcept : region_(region) {}

  /// A block of at least `size` bytes, aligned to a page; null when the region or the system's memory is used up.
  std::byte* allocate(std::size_t size) {
    if (size > region_.size()) return nullptr;
    size = round_up(size);
    std::size_t best = blocks_.size();
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (!blocks_[i].used && blocks_[i].size >= size &&
          (best == blocks_.size() || blocks_[i].size < blocks_[best].size))
        best = i;
    }
    if (best == blocks_.size()) return allocate_fresh(size);
    // A much larger block is split, so that one huge payload does not make every later small one huge.
    if (blocks_[best].size >= 2 * size && blocks_[best].size - size >= smallest_rest) {
      const Entry rest{blocks_[best].offset + size, blocks_[best].size - size, false};
      blocks_[best].size = size;
      blocks_.insert(best + 1, Entry(rest));
    }
    blocks_[best].used = true;
    return region_.data() + blocks_[best].offset;
  }

  /// Makes `block` at least `size` bytes long without moving it; false when it cannot be.
  bool extend(std::byte* block, std::size_t size) {
    const std::size_t index = find(block);
    if (blocks_[index].size >= size) return true;
    if (index + 1 != blocks_.size() || size > region_.size() - blocks_[index].offset) return false;
    size = round_up(size);
    if (!reach(blocks_[index].offset + size)) return false;
    blocks_[index].size = size;
    return true;
  }

  std::size_t capacity(const std::byte* block) const noexcept { return blocks_[find(block)].size; }

  void free(const std::byte* block) noexcept {
    std::size_t index = find(block);
    blocks_[index].used = false;
    if (index + 1 < blocks_.size() && !blocks_[index + 1].used) merge_next(index);
    if (index > 0 && !blocks_[index - 1].used) merge_next(--index);
  }

  /// Gives the pages of free blocks back to the system; the addresses stay usable.
  void trim() noexcept {
    for (const Entry& block : blocks_) {
      if (!block.used) os::give_back(region_.data() + block.offset, block.size);
    }
    while (!blocks_.empty() && !blocks_.back().used) blocks_.pop_back();
    touched_ = blocks_.empty() ? 0 : blocks_.back().offset + blocks_.back().size;
  }

  /// Forgets every block, and gives their pages back: the process that used them is gone.
  void clear() noexcept {
    blocks_.clear();
    if (touched_ != 0) os::give_back(region_.data(), touched_);
    touched_ = 0;
  }

  std::size_t touched() const noexcept { return touched_; }

 private:
  struct Entry {
    std::size_t offset;
    std::size_t size;
    bool used;
  };
  // Of whole pages, wherever the next one begins: what is given back of a page takes what else lies there with it.
  static constexpr std::size_t page = largest_page;
  static constexpr std::size_t smallest_rest = page;

  static std::size_t round_up(std::size_t size) noexcept { return size == 0 ? page : (size + page - 1) / page * page; }

  std::byte* allocate_fresh(std::size_t size) {
    // The last block, when free, is taken and made longer: its pages are warm.
    if (!blocks_.empty() && !blocks_.back().used) {
      if (size > region_.size() - blocks_.back().offset || !reach(blocks_.back().offset + size)) return nullptr;
      blocks_.back().size = size;
      blocks_.back().used = true;
      return region_.data() + blocks_.back().offset;
    }
    const std::size_t offset = blocks_.empty() ? 0 : blocks_.back().offset + blocks_.back().size;
    if (size > region_.size() - offset) return nullptr;
    blocks_.push_back({offset, size, true});
    if (!reach(offset + size)) {
      blocks_.pop_back();
      return nullptr;
    }
    return region_.data() + offset;
  }

  /// Asks for the pages up to `end` before anybody writes to them: without memory for them this says so, a write would
  /// be killed.
  bool reach(std::size_t end) noexcept {
    if (end <= touched_) return true;
    if (!accessible_.reach(region_, end) || !os::populate(region_.data() + touched_, end - touched_)) return false;
    touched_ = end;
    return true;
  }

  std::size_t find(const std::byte* block) const noexcept {
    const auto offset = static_cast<std::size_t>(block - region_.data());
    std::size_t low = 0;
    std::size_t high = blocks_.size();
    while (low + 1 < high) {
      const std::size_t middle = (low + high) / 2;
      (blocks_[middle].offset <= offset ? low : high) = middle;
    }
    return low;
  }

  void merge_next(std::size_t index) noexcept {
    blocks_[index].size += blocks_[index + 1].size;
    blocks_.erase(index + 1);
  }

  std::span<std::byte> region_;
  PlainVector<Entry> blocks_;  // by offset, without gaps
  std::size_t touched_ = 0;
  AccessiblePart accessible_;
};

/// Cuts a region of shared memory into blocks of any size: below a mebibyte in powers of two, each in constant time,
/// above it by best fit.
class BlockList {
 public:
  BlockList() = default;
  explicit BlockList(std::span<std::byte> region) noexcept : large_(region) {}

  /// At least `size` bytes, aligned to 64; a null address when the region or the system's memory is used up.
  Allocation allocate(std::size_t size) {
    if (size > largest_class) {
      std::byte* const block = large_.allocate(size);
      return block == nullptr ? Allocation{} : Allocation{block, large_.capacity(block)};
    }
    const std::size_t index = class_of(size);
    if (free_[index].empty() && !refill(index)) return {};
    std::byte* const block = free_[index].back();
    free_[index].pop_back();
    ++small_in_use_;
    return {block, class_size(index)};
  }

  /// Makes a large block at least `size` bytes long where it stands; false when it has to move.
  bool extend(Allocation& block, std::size_t size) {
    if (block.size <= largest_class || !large_.extend(block.address, size)) return false;
    block.size = large_.capacity(block.address);
    return true;
  }

  void free(Allocation block) noexcept {
    if (block.size > largest_class) return large_.free(block.address);
    free_[class_of(block.size)].push_back(block.address);  // has been as long before: does not allocate
    --small_in_use_;
  }

  /// Gives the pages of free blocks back to the system.
  void trim() noexcept {
    if (small_in_use_ == 0) {
      for (auto& list : free_) list.clear();
      blocks_made_.fill(0);
      for (std::byte* const slab : slabs_) large_.free(slab);
      slabs_.clear();
    }
    large_.trim();
  }

  std::size_t touched() const noexcept { return large_.touched(); }

 private:
  static constexpr std::size_t smallest_class = 1024;
  static constexpr std::size_t largest_class = std::size_t{1} << 20;
  static constexpr std::size_t slab_size = 2 * largest_class;
  static constexpr std::size_t smallest_slab = largest_page;
  static constexpr std::size_t classes = 11;

  static constexpr std::size_t class_size(std::size_t index) noexcept { return smallest_class << index; }
  static constexpr std::size_t class_of(std::size_t size) noexcept {
    return size <= smallest_class ? 0 : 64 - static_cast<std::size_t>(std::countl_zero((size - 1) / smallest_class));
  }

  bool refill(std::size_t index) {
    const std::size_t size = class_size(index);
    // As much again as the class has, from little on: a pool that sends one payload of 2 KiB does not touch two
    // mebibytes, nor does one whose payloads grow through all classes touch them for each. To touch them takes longer
    // than many a map's whole chunk.
    const std::size_t least = size > smallest_slab ? size : smallest_slab;
    const std::size_t slab_bytes =
        pickle::detail::least(pickle::detail::greatest(blocks_made_[index] * size, least), slab_size);
    auto& list = free_[index];
    blocks_made_[index] += slab_bytes / size;
    if (list.capacity() < blocks_made_[index])
      list.reserve(pickle::detail::greatest(2 * list.capacity(), blocks_made_[index]));
    slabs_.reserve(slabs_.size() + 1);
    std::byte* const slab = large_.allocate(slab_bytes);
    if (slab == nullptr) return false;
    slabs_.push_back(slab);
    for (std::size_t at = slab_bytes; at >= size; at -= size) list.push_back(slab + (at - size));
    return true;
  }

  LargeBlocks large_;
  std::array<PlainVector<std::byte*>, classes> free_;
  std::array<std::size_t, classes> blocks_made_{};
  PlainVector<std::byte*> slabs_;
  std::size_t small_in_use_ = 0;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
