// SPDX-License-Identifier: BSL-1.0
// What limits a queue: how many calls wait on the caller's side (max_pending), and how many are sent ahead to workers.
// Who waits for max_pending, and who gets QueueFull, is PendingLimit's to say (pool/pending_limit.hpp), which counts
// callbacks that have not run as well. The call queue takes no more than queued_calls() (CallQueueWriter::full).
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>

#include <cstddef>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How many calls may be on their way to that many workers, unclaimed: feed_call_queue() sends no more.
inline std::size_t ProcessPool::queued_calls(int workers) const noexcept {
  return static_cast<std::size_t>(workers) + static_cast<std::size_t>(options_.extra_queued_calls);
}

CONCURRENT_FUTURES_INLINE bool ProcessPool::reserve(Admission admission) {
  ipc::MutexLock lock(mutex_);
  return pending_limit_.reserve(*this, lock, admission);
}

CONCURRENT_FUTURES_INLINE void ProcessPool::give_back_place() noexcept {
  const ipc::MutexLock lock(mutex_);
  pending_limit_.give_back(*this);
}

/// With the lock: from now on submit throws, also where it waits for room.
inline void ProcessPool::shut_down() noexcept {
  lifecycle_.shut_down();
  pending_limit_.tell(*this);
}
inline void ProcessPool::break_down(const std::string& reason) {
  lifecycle_.break_down(reason);
  pending_limit_.tell(*this);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
