// SPDX-License-Identifier: BSL-1.0
// Small groups of values that ProcessPool keeps.
#pragma once

#include <concurrent/futures/detail/policy/hold_ups.hpp>
#include <concurrent/futures/detail/policy/restart_budget.hpp>
#include <concurrent/futures/detail/policy/stall_detector.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/futures/detail/process_pool/work_item.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// For a pool that is started at its first use.
struct LateStart {
  multiprocessing::detail::Mutex mutex;
  std::weak_ptr<Drainable> share;
  bool started = false;  // constant once start() has returned
};

/// Threads of the pool beat here while tasks have time limits.
struct Heartbeat {
  HoldUps hold_ups;
  std::atomic<bool> monitor_beats{false};  // changed under the lock
};

/// When the manager has something to do although nobody wakes it.
struct ManagerTimers {
  Deadline lost_calls{};
  Deadline quiet{};  // from then on nothing has happened for a second
  Deadline trim = (Deadline::max)();
};

/// What the manager finds out about workers while calls wait although there are some.
struct StallCheck {
  struct Asked : IdleWorker {
    std::uint32_t index;
    std::uint64_t serial;
    pid_t pid;
  };
  void open(std::uint32_t workers) { asked.reserve(workers); }
  StallDetector detector;
  multiprocessing::detail::PlainVector<Asked> asked;  // those without a call: whether they come for one
};

/// What only the manager's thread touches.
struct ManagerState {
  explicit ManagerState(RestartLimit limit) noexcept : restarts(limit) {}

  RestartBudget restarts;
  StallCheck stalls;
  ManagerTimers timers;
  std::atomic<std::int64_t> oom_kills{-1};  // as last seen; first by the monitor
};

/// How many workers there may be.
struct WorkerLimits {
  int most = 1;                   // for which the segment is laid out; constant once it is there
  std::atomic<int> now{1};        // changed under the lock
  bool hands_calls_back = false;  // where the system refuses the only worker; constant
};

/// Of calls that have left the pool.
struct Outcomes {
  std::atomic<std::uint32_t> on_their_way{0};  // to their futures
  std::atomic<std::uint64_t> completed{0};
  std::atomic<std::uint64_t> failed{0};
};

/// What is due, and takes too long for the lock.
struct DueWork {
  StallDetector::Check stall;
  ItemList lost;  // calls
  bool trim = false;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
