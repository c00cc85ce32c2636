// SPDX-License-Identifier: BSL-1.0
// What a thread pool tells its trace.
#pragma once

#include <concurrent/futures/detail/thread_pool/thread_pool.hpp>
#include <concurrent/futures/detail/trace/trace_open.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/os/thread.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <memory>
#include <new>
#include <utility>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE void ThreadPool::check_traceable() {
  const multiprocessing::detail::MutexLock lock(mutex_);
  detail::check_traceable(trace_ != nullptr, shutting_down_ || !broken_.empty());
}

/// From here on; what has been submitted before is not in it. Null comes back, or the sink where that came too late.
CONCURRENT_FUTURES_INLINE pickle::detail::UniquePointer<TraceSink> ThreadPool::trace(
    pickle::detail::UniquePointer<TraceSink> sink) {
  const multiprocessing::detail::MutexLock lock(mutex_);
  if (trace_ != nullptr || shutting_down_ || !broken_.empty()) return sink;
  trace_ = std::move(sink);
  return nullptr;
}

inline void ThreadPool::trace_submit(ThreadTask& task) noexcept {
  try {
    trace_->submitted(&task, task.name());
    task.traced = true;
  } catch (const std::bad_alloc&) {
  }
}

/// A thread is in the trace from its first task on.
inline void ThreadPool::trace_begin() noexcept {
  const bool first = task_started() == 0;
  task_started() = multiprocessing::detail::monotonic_nanoseconds();
  if (!first) return;
  char name[32] = "";
  os::get_thread_name(name);
  try {
    trace_->worker_started(this_thread(), name, task_started());
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace concurrent::futures::inline v0::detail
