// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/result_receiver.hpp>
#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A result that has been taken off its ring and belongs to a call, with all that is needed to deliver it without the
/// lock. Filled in by ProcessPool::match_call; left as it is until then, since there is an array of these on the stack
/// of every submit.
struct ReceivedResult : ResultItem {
  ReceivedResult() noexcept {}

  pid_t pid;
  WorkItem* item;      // null: it is the initializer's or the finalizer's
  std::uint32_t slot;  // of the worker
  std::uint32_t name;
  bool cancelled;  // terminate() has come before it
};
static_assert(sizeof(ReceivedResult) == 128);

/// The block of shared memory in which a large result lies, while that is delivered.
class ResultBlock {
 public:
  ResultBlock(ProcessPool& pool, ReceivedResult& result) noexcept : pool_(&pool), result_(&result) {}

  /// Keeps the block until the last copy of what this returns is gone, which points to `first` in it; meanwhile no
  /// worker writes there. Null: so much is kept already that workers could want room. Once. Throws std::bad_alloc.
  CONCURRENT_FUTURES_INLINE std::shared_ptr<const std::byte[]> keep(const std::byte* first);

 private:
  class Kept;
  ProcessPool* pool_;
  ReceivedResult* result_;
};

/// As many results as are taken under one lock.
struct ResultBatch {
  static constexpr std::size_t capacity = 16;
  ResultBatch() noexcept {}  // leaves the items alone
  std::size_t size = 0;
  ReceivedResult items[capacity];
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
