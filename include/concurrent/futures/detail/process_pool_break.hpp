// SPDX-License-Identifier: BSL-1.0
// How a pool ends before its time, and how a worker is ended on purpose.
#pragma once

#include <concurrent/futures/detail/process_pool.hpp>
#include <concurrent/futures/detail/worker_death.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Fails every unfinished future and stops the workers that are left.
inline void ProcessPool::break_pool(const std::string& reason) {
  std::vector<WorkItem*> items;
  {
    const std::lock_guard lock(mutex_);
    if (broken_.empty()) broken_ = reason;
    no_more_workers_ = true;
    gate_.fetch_or(gate_closed, std::memory_order_seq_cst);
  }
  CONCURRENT_FUTURES_FAULT_POINT("caller.breaks");
  for (std::uint32_t i = 0; i < geometry_workers(); ++i) collect_all(i);
  {
    const std::lock_guard lock(mutex_);
    for (std::uint32_t i = 0; i < geometry_workers(); ++i) kill_place(i, SIGKILL);
    while (!pending_.empty()) {
      items.push_back(pending_.front());
      drop_call(*pending_.front());
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i] == nullptr) continue;
      items.push_back(items_[i]);
      drop_call(*items_[i]);
    }
  }
  fail_all(items, reason);
}

inline void ProcessPool::fail_all(const std::vector<WorkItem*>& items, const std::string& reason) {
  failed_.fetch_add(items.size(), std::memory_order_relaxed);
  for (WorkItem* const item : items) {  // to each its own exception: whoever catches one may add to it
    finish_callbacks(item->state().finish_with_exception(std::make_exception_ptr(BrokenProcessPool(reason))));
    item->state().release();
  }
}

inline void ProcessPool::zygote_ended(int status) {
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    zygote_gone_ = true;
    no_more_workers_ = true;
    if (!quit_sent_ && broken_.empty()) {
      reason = std::string("concurrent::futures: the pool's helper process (pid ") + std::to_string(zygote_.pid()) +
               ") ended, and its workers with it: ";
      if (zygote_.lost_channel() || (WIFEXITED(status) && WEXITSTATUS(status) == mpd::channel_was_closed)) {
        reason +=
            "the channel between it and this process was closed here. Do not close descriptors that the program has "
            "not opened itself (close_range, closefrom, a loop over all numbers) while an executor lives.";
      } else {
        reason += "it " +
                  (status == mpd::ZygoteProcess::status_unknown ? "left no status, which somebody else has waited for"
                                                                : describe_status(status)) +
                  ".";
      }
    }
  }
  if (!reason.empty()) {
    log(LogLevel::error, reason);
    break_pool(reason);
  }
  const std::lock_guard lock(mutex_);
  for (std::uint32_t i = 0; i < geometry_workers(); ++i) {
    if (places_[i].state == WorkerPlace::State::absent) continue;
    if (trace_ != nullptr && places_[i].pid != 0) {
      const std::string label = mpd::worker_name(options_.mp_context.method(), places_[i].name);
      trace_->worker_ended({places_[i].pid, places_[i].pid}, label, "gone with the helper process");
    }
    empty_place(i);
  }
  available_ = 0;
}

/// Asks for a signal to whoever is in this place.
inline void ProcessPool::kill_place(std::uint32_t index, int signal) {
  WorkerPlace& place = places_[index];
  if (place.state == WorkerPlace::State::absent) return;
  place.stopping = place.stopping || !place.damaged;
  zygote_.send({mpd::ZygoteRequest::Kind::signal, index, place.serial, signal, 0});
}

/// Stops a running task by ending its worker, unless it has just finished. The worker is first told to take no other
/// call: if its result is still missing after that, whatever it would take next is not started (worker.hpp), and the
/// signal hits nobody else's task.
inline bool ProcessPool::stop_task(WorkItem& item) noexcept {
  const auto state = mpd::RecordState::unpack(segment_.record(item.record).state.load(std::memory_order_acquire));
  if (state.stage != mpd::Stage::started || state.worker >= geometry_workers()) return false;
  WorkerPlace& place = places_[state.worker];
  if (place.state == WorkerPlace::State::absent) return false;
  segment_.worker(state.worker).leave.store(1, std::memory_order_seq_cst);
  if (segment_.result(state.worker, place.position).commit.load(std::memory_order_seq_cst) == place.position + 1)
    return false;  // it has finished meanwhile, and leaves; somebody else takes its place
  kill_place(state.worker, SIGKILL);
  return true;
}

/// future.terminate().
CONCURRENT_FUTURES_INLINE bool ProcessPool::stop(WorkItem& item) noexcept {
  if (!is_here()) return false;
  const std::lock_guard lock(mutex_);
  if (item.place != WorkItem::Place::record || !stop_task(item)) return false;
  item.stopped_by_user = true;
  return true;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
