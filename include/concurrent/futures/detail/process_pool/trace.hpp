// SPDX-License-Identifier: BSL-1.0
// What the pool tells its trace, if it has one. While it has none, a submit looks at the lifecycle's
// flags, as it always does, and
// the end of a call at `WorkItem::traced`; a worker looks at the flags of a call's record.
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/trace/trace_open.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

CONCURRENT_FUTURES_INLINE void ProcessPool::check_traceable() {
  if (admission_.awaits_start()) start_now();
  const ipc::MutexLock lock(mutex_);
  detail::check_traceable(trace_ != nullptr, lifecycle_.is_shutting_down() || lifecycle_.is_broken());
}

/// From here on; what has been submitted before is not in it. Null comes back, or the sink where that came too late.
CONCURRENT_FUTURES_INLINE pickle::detail::UniquePointer<TraceSink> ProcessPool::trace(
    pickle::detail::UniquePointer<TraceSink> sink) {
  {
    const ipc::MutexLock lock(mutex_);
    if (trace_ != nullptr || lifecycle_.is_shutting_down() || lifecycle_.is_broken()) return sink;
    trace_ = std::move(sink);
    for (std::uint32_t i = 0; i < workers_.size(); ++i) {
      if (workers_[i].state == WorkerSlot::State::live) trace_worker(workers_[i]);
    }
    admission_.set_traced();
  }
  wake_manager();  // it may sleep without an end, and has to write from now on
  return nullptr;
}

/// In the manager's thread.
inline void ProcessPool::flush_trace(bool ends) {
  const std::string problem = ends ? trace_->close() : trace_->flush();
  if (!problem.empty()) log_message(LogLevel::error, problem);
}

inline void ProcessPool::trace_worker(const WorkerSlot& slot) noexcept {
  try {
    trace_->worker_started({slot.pid, slot.pid}, ipc::worker_name(options_.mp_context.method(), slot.name),
                           std::chrono::duration_cast<std::chrono::nanoseconds>(slot.since.time_since_epoch()).count());
  } catch (const std::bad_alloc&) {
  }
}

/// What the call is, in words. Looks up symbols: without the lock. Empty: there is no memory for it.
inline std::string ProcessPool::label_for_trace(const WorkItem& item, const CallWriter& call) const noexcept {
  try {
    const bool labelled = item.options != nullptr && !item.options->label.empty();
    return labelled ? item.options->label : pickle::describe_call(std::span(call.data(), call.size()));
  } catch (const std::bad_alloc&) {
    return {};
  }
}

inline void ProcessPool::trace_submit(WorkItem& item, std::string label) noexcept {
  if (label.empty()) return;  // the trace began after that was made
  try {
    trace_->submitted(&item, std::move(label));
    item.traced = true;
  } catch (const std::bad_alloc&) {
  }
}

/// The item leaves its record, for good or to be run `again`. `outcome`: null when no result has come.
inline void ProcessPool::trace_end(const WorkItem& item, const char* outcome, bool again) noexcept {
  if (item.location == CallLocation::sent || item.location == CallLocation::settling) {
    const ipc::CallRecord& record = segment_.record(item.record);
    const CallState state = calls_.look(item);
    if (state.is_started()) {
      const pid_t noted = workers_[state.worker].pid;
      const pid_t pid = noted != 0 ? noted : segment_.worker(state.worker).pid.load(std::memory_order_relaxed);
      const auto start = static_cast<std::int64_t>(record.started_at.load(std::memory_order_relaxed));
      const auto end = outcome != nullptr ? static_cast<std::int64_t>(record.ended_at.load(std::memory_order_relaxed))
                                          : ipc::monotonic_nanoseconds();
      if (outcome == nullptr) {
        outcome = item.stopped_for_timeout ? "timeout" : item.stopped_by_user ? "terminated" : "worker died";
      }
      trace_->ran(&item, {pid, pid}, start, end, outcome, again);
      return;
    }
  }
  if (!again) trace_->ended(&item);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
