// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/call_queue.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/segment.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// How an idle worker sleeps until there is a call for it, or it is told to leave.
///
/// No call is missed, since each side writes first and looks then, all of it sequentially consistent: the worker sets
/// its bit among the sleepers and looks at the queue; the caller puts a call into the queue and looks at the sleepers.
/// A caller that sees the bit clears it, takes the worker's `wake` word from 1 to 0 and wakes whoever sleeps on it, in
/// this order, so that a worker between its look and its sleep finds the word changed. A caller that tells a worker to
/// leave does not look whether it sleeps: it says so, and then sets `wake` to 0 and wakes. A worker that sets the word
/// to 1 after that must see what was said.
class WorkerSleep {
 public:
  WorkerSleep(const Segment& segment, std::uint32_t index) noexcept
      : segment_(segment), entry_(segment.worker(index)), index_(index) {}

  bool told_to_leave() const noexcept {
    return is_told_to_leave(entry_) || segment_.caller().stopping.load(std::memory_order_seq_cst) != 0;
  }

  /// From now on the caller wakes this worker for a call.
  void lie_down() noexcept {
    entry_.wake.store(1, std::memory_order_relaxed);
    entry_.status.store(static_cast<std::uint32_t>(WorkerStatus::asleep), std::memory_order_relaxed);
    sleepers().fetch_or(bit(), std::memory_order_seq_cst);
  }
  /// Whether there is still nothing to get up for.
  bool may_sleep() const noexcept {
    return entry_.wake.load(std::memory_order_seq_cst) != 0 && !calls_wait(segment_) && !told_to_leave();
  }
  /// False: the deadline has passed. Otherwise look again.
  bool sleep(Deadline deadline) const noexcept { return futex_wait(entry_.wake, 1, deadline, true); }
  void get_up() noexcept {
    entry_.wake.store(0, std::memory_order_relaxed);
    leave_sleepers();
  }
  /// A caller that does not see this yet wakes in vain.
  void leave_sleepers() noexcept { sleepers().fetch_and(~bit(), std::memory_order_relaxed); }

 private:
  Shared<std::uint64_t>& sleepers() const noexcept { return segment_.sleepers(index_ / 64); }
  std::uint64_t bit() const noexcept { return std::uint64_t{1} << (index_ % 64); }

  const Segment& segment_;
  WorkerEntry& entry_;
  const std::uint32_t index_;
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
