// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/block_list.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <cstddef>
#include <span>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The caller's blocks for large arguments, shared by its threads.
class ArgumentBlocks {
 public:
  using Allocation = multiprocessing::detail::Allocation;

  explicit ArgumentBlocks(std::span<std::byte> region) noexcept : blocks_(region) {}

  Allocation allocate(std::size_t size) {
    const multiprocessing::detail::MutexLock lock(mutex_);
    return blocks_.allocate(size);
  }
  bool extend(Allocation& block, std::size_t size) {
    const multiprocessing::detail::MutexLock lock(mutex_);
    return blocks_.extend(block, size);
  }
  void free(Allocation block) noexcept {
    const multiprocessing::detail::MutexLock lock(mutex_);
    blocks_.free(block);
  }
  void trim() noexcept {
    const multiprocessing::detail::MutexLock lock(mutex_);
    if (blocks_.touched() != 0) blocks_.trim();
  }

 private:
  multiprocessing::detail::Mutex mutex_;
  multiprocessing::detail::BlockList blocks_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
