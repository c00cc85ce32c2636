// SPDX-License-Identifier: BSL-1.0
// What the helper tells of workers, and what its own end means. How a worker's end is dealt with is in deaths.hpp.
#pragma once

#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/detail/process_pool/break.hpp>
#include <concurrent/futures/detail/process_pool/deaths.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void ProcessPool::take_reports() {
  ipc::ZygoteReport report;
  while (helper_.take_report(report)) {
    switch (report.kind) {
      case ipc::ZygoteReport::Kind::ready:
        if (HelperLink::is_end_of_helper(report)) helper_ended(report.status);
        break;
      case ipc::ZygoteReport::Kind::start_failed:
        worker_start_failed(report);
        break;
      case ipc::ZygoteReport::Kind::ended:
        worker_ended(report);
        break;
      case ipc::ZygoteReport::Kind::started:
      case ipc::ZygoteReport::Kind::synced:
        break;  // the monitor has noted them
    }
  }
}

/// In the monitor's thread.
inline void ProcessPool::worker_started(const ipc::ZygoteReport& report) {
  const ipc::MutexLock lock(mutex_);
  if (!workers_.started(report.worker, report.serial, report.pid)) return;
  start_backoff_.started();
  if (trace_ != nullptr) trace_worker(workers_[report.worker]);
}

/// The system refuses another process: go on with the workers there are and try again in a while.
inline void ProcessPool::worker_start_failed(const ipc::ZygoteReport& report) {
  std::string reason;
  ItemList handed_back;
  {
    const ipc::MutexLock lock(mutex_);
    if (!workers_.holds(report.worker, report.serial)) return;
    vacate_slot(report.worker);
    --counts_.workers_started;
    start_backoff_.refused(std::chrono::steady_clock::now());
    if (workers_.occupied() == 0 && ledger_.outstanding() != 0) {
      reason = std::string("concurrent::futures: a worker process could not be started: ") +
               std::strerror(report.status) + ". No worker is left.";
      if (report.status == EAGAIN) reason += " Raise the limit on processes (ulimit -u, pids.max).";
      if (limits_.hands_calls_back) {
        take_unstarted(handed_back);  // which are all: there is no worker
        counts_.cancelled -= handed_back.size();
      }
    }
  }
  give_back_region(report.worker);
  if (reason.empty()) return;
  log_message(limits_.hands_calls_back ? LogLevel::warning : LogLevel::error, reason);
  if (const std::size_t count = handed_back.size(); count != 0) {
    while (WorkItem* const item = handed_back.pop_front()) fail(*item, failure<NoWorkerStarted>(reason));
    end_delivery(count);
  }
  if (!limits_.hands_calls_back) break_pool(reason);
}

/// The workers have ended with it, and nobody will tell how: whatever is not done fails, with the first reason that the
/// pool had to break, also where that was kill_workers.
inline void ProcessPool::helper_ended(int status) {
  std::string reason;
  bool fails = false;
  {
    const ipc::MutexLock lock(mutex_);
    fails = lifecycle_.lose_helper();
    if (fails && !lifecycle_.is_broken()) {
      reason = std::string("concurrent::futures: the pool's helper process (pid ") + std::to_string(helper_.pid()) +
               ") ended, and its workers with it: ";
      if (helper_.process().lost_channel() || (WIFEXITED(status) && WEXITSTATUS(status) == ipc::channel_was_closed)) {
        reason +=
            "the channel between it and this process was closed here. Do not close descriptors that the program has "
            "not opened itself (close_range, closefrom, a loop over all numbers) while an executor lives.";
      } else {
        reason += "it " +
                  (status == ipc::ZygoteProcess::status_unknown ? "left no status, which somebody else has waited for"
                                                                : describe_status(status)) +
                  ".";
      }
    }
  }
  if (!reason.empty()) log_message(LogLevel::error, reason);
  if (fails) {
    if (reason.empty()) {
      const ipc::MutexLock lock(mutex_);
      reason = lifecycle_.reason();
    }
    break_pool(reason);
  }
  const ipc::MutexLock lock(mutex_);
  for (std::uint32_t i = 0; i < workers_.size(); ++i) {
    if (!workers_.is_occupied(i)) continue;
    if (trace_ != nullptr && workers_[i].pid != 0) {
      const std::string label = ipc::worker_name(options_.mp_context.method(), workers_[i].name);
      trace_->worker_ended({workers_[i].pid, workers_[i].pid}, label, "gone with the helper process");
    }
    vacate_slot(i);  // its memory goes with the pool's
  }
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
