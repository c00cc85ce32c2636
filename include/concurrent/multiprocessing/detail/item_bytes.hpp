// SPDX-License-Identifier: BSL-1.0
// An item of a Queue on its way between a value and shared memory: small ones need no allocation.
#pragma once

#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace concurrent::multiprocessing::inline v0::detail {

/// What lies in a node of the queue itself.
inline constexpr std::size_t small_item_bytes = 240;

/// The bytes of one item, as they were taken.
class ItemBytes {
 public:
  /// Throws: std::bad_alloc, std::length_error.
  void resize(std::size_t size) {
    if (size > small_item_bytes) large_.resize(size);
    size_ = size;
  }
  std::byte* data() noexcept { return size_ > small_item_bytes ? large_.data() : small_; }
  std::span<std::byte> span() noexcept { return {data(), size_}; }

 private:
  alignas(64) std::byte small_[small_item_bytes];  // not cleared: what is read has been written
  std::size_t size_ = 0;
  std::vector<std::byte> large_;
};

/// Writes one item.
class ItemWriter : public pickle::Writer {
 public:
  ItemWriter() noexcept : Writer(small_, small_ + small_item_bytes, &grow) {}

 private:
  static void grow(Writer& writer, std::size_t needed) {
    auto& self = static_cast<ItemWriter&>(writer);
    const std::size_t written = self.size();
    const bool first = self.large_.empty();
    self.large_.resize(grown_size(written, needed));
    if (first) std::memcpy(self.large_.data(), self.small_, written);
    self.rebase(self.large_.data(), self.large_.data() + self.large_.size());
  }

  alignas(64) std::byte small_[small_item_bytes];
  std::vector<std::byte> large_;
};

}  // namespace concurrent::multiprocessing::inline v0::detail
