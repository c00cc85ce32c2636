// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/result_receiver.hpp>
#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <cstddef>
#include <cstdint>

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

/// As many results as are taken under one lock.
struct ResultBatch {
  static constexpr std::size_t capacity = 16;
  ResultBatch() noexcept {}  // leaves the items alone
  std::size_t size = 0;
  ReceivedResult items[capacity];
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
