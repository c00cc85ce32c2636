// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/block_list.hpp>

#include <cstddef>
#include <mutex>
#include <span>

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

}  // namespace detail
}  // namespace concurrent::futures::inline v0
