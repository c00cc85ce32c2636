// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/policy/timing.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <chrono>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A worker without a call while calls wait, as it is found at a check.
struct IdleWorker {
  bool begins = false;       // it is starting, or runs the initializer
  bool blocked = false;      // it sleeps or is stopped: it does not wait for a processor
  bool was_blocked = false;  // and did at the check before, after which it was woken
  std::chrono::nanoseconds age{};
};

/// Calls wait although workers are there that should take them: one may have been stopped, or have died, between its
/// promise to take a call and the taking; a wake-up may be lost; a rogue task may have written over the queue's
/// words. Says when to check, and what a check is to do. The manager's alone.
class StallDetector {
 public:
  struct Check {
    bool repair = false;       // put the queue's words right and wake the workers that are not busy
    bool wake_busy = false;    // also those that say that they are
    bool ask_workers = false;  // see whether those without a call come for it; judge with start_one()
  };

  explicit StallDetector(const PoolTiming& timing = pool_timing) noexcept
      : timing_(timing), pause_(timing.first_stall_check) {}

  /// Whether to check now. While nothing waits there is nothing to check, and what waits next begins with short steps.
  bool is_due(Deadline now, bool any_waits) noexcept {
    if (!any_waits) {
      pause_ = timing_.first_stall_check;
      due_ = (Deadline::max)();
    } else if (due_ == (Deadline::max)()) {
      due_ = now;
    }
    return now >= due_;
  }
  /// When to ask next although nobody else does.
  Deadline due() const noexcept { return due_; }

  /// When it is due. `moved`: another call is the oldest that waits than at the check before. `enough`: there are no
  /// more calls than workers, so that one of those that run none ought to come.
  Check check(Deadline now, bool moved, bool enough) noexcept {
    Check todo;
    const auto pause = pause_;
    pause_ = pickle::detail::least(pause_ * 2, timing_.last_stall_check);
    due_ = now + pause_;
    if (moved || pause < timing_.stall_starts) waiting_since_ = now;
    if (pause < timing_.stall_wakes) return todo;
    todo.repair = true;
    todo.wake_busy = ++checks_ % static_cast<unsigned>(timing_.distrust) == 0;
    todo.ask_workers = enough && pause >= timing_.stall_starts;
    return todo;
  }

  /// Whether those without a call do not come for it, and not because the machine is busy: one more is needed. A worker
  /// that is blocked is expected to come until it is found so again, although it has been woken.
  template <class IdleWorkers>
  bool start_one(Deadline now, const IdleWorkers& idle) const noexcept {
    bool on_its_way = false;
    for (const IdleWorker& worker : idle) {
      if (worker.begins && (worker.age < timing_.start || (worker.age < timing_.starvation && !worker.blocked)))
        return false;
      if (!(worker.blocked && worker.was_blocked)) on_its_way = true;
    }
    return !on_its_way || now - waiting_since_ >= timing_.starvation;
  }

 private:
  PoolTiming timing_;
  std::chrono::nanoseconds pause_;
  Deadline due_ = (Deadline::max)();
  Deadline waiting_since_{};
  unsigned checks_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
