// SPDX-License-Identifier: BSL-1.0
// Small groups of values that ProcessPool keeps.
#pragma once

#include <concurrent/futures/detail/policy/hold_ups.hpp>
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

/// When the manager has something to do although nobody wakes it. `forced_kill` belongs to the lock, the others to
/// the manager.
struct ManagerTimers {
  Deadline lost_calls{};
  Deadline quiet{};  // from then on nothing has happened for a second
  Deadline trim = (Deadline::max)();
  Deadline forced_kill = (Deadline::max)();
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

/// What is due, and takes too long for the lock.
struct DueWork {
  StallDetector::Check stall;
  ItemList lost;  // calls
  bool trim = false;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
