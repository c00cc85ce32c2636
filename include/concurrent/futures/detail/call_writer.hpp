// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/block_list.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstring>
#include <mutex>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The caller's blocks for large arguments, shared by its threads.
class ArgumentBlocks {
 public:
  using Allocation = multiprocessing::detail::Allocation;

  explicit ArgumentBlocks(std::span<std::byte> region) noexcept : blocks_(region) {}

  Allocation allocate(std::size_t size) {
    const std::lock_guard lock(mutex_);
    return blocks_.allocate(size);
  }
  bool extend(Allocation& block, std::size_t size) {
    const std::lock_guard lock(mutex_);
    return blocks_.extend(block, size);
  }
  void free(Allocation block) noexcept {
    const std::lock_guard lock(mutex_);
    blocks_.free(block);
  }
  void trim() noexcept {
    const std::lock_guard lock(mutex_);
    if (blocks_.touched() != 0) blocks_.trim();
  }

 private:
  std::mutex mutex_;
  multiprocessing::detail::BlockList blocks_;
};

/// Where submit pickles a call, before any lock is taken: on the stack, and straight into shared memory once it
/// outgrows what a call record holds.
class CallWriter : public pickle::Writer {
 public:
  explicit CallWriter(ArgumentBlocks& blocks) noexcept
      : Writer(bytes_, bytes_ + sizeof bytes_, &CallWriter::grow), blocks_(&blocks) {}
  ~CallWriter() {
    if (block_.address != nullptr) blocks_->free(block_);
  }

  bool has_block() const noexcept { return block_.address != nullptr; }
  /// The block, if the call needed one; the caller owns it now.
  multiprocessing::detail::Allocation take_block() noexcept { return std::exchange(block_, {}); }

 private:
  static void grow(pickle::Writer& writer, std::size_t needed) {
    auto& self = static_cast<CallWriter&>(writer);
    const std::size_t wanted = self.size() + needed;
    const std::size_t roomy = needed < self.size() ? 2 * self.size() + needed : wanted;
    if (self.block_.address != nullptr && self.blocks_->extend(self.block_, roomy)) {
      self.rebase(self.block_.address, self.block_.address + self.block_.size);
      return;
    }
    auto larger = self.blocks_->allocate(roomy);
    if (larger.address == nullptr && roomy != wanted) larger = self.blocks_->allocate(wanted);
    if (larger.address == nullptr) {
      throw pickle::PicklingError("concurrent::futures: arguments too large: " + std::to_string(wanted) +
                                  " bytes. There is no shared memory for them; pass them in parts or through a file.");
    }
    std::memcpy(larger.address, self.data(), self.size());
    self.rebase(larger.address, larger.address + larger.size);
    if (self.block_.address != nullptr) self.blocks_->free(self.block_);
    self.block_ = larger;
  }

  alignas(multiprocessing::detail::cache_line) std::byte bytes_[multiprocessing::detail::CallRecord::inline_capacity];
  ArgumentBlocks* blocks_;
  multiprocessing::detail::Allocation block_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
