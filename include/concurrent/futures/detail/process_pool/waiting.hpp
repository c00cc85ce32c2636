// SPDX-License-Identifier: BSL-1.0
// What a thread does that waits for a result: the manager's work, as long as it is the only one that waits.
#pragma once

#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/detail/process_pool/results.hpp>
#include <concurrent/futures/detail/process_pool/wakeups.impl.hpp>
#include <concurrent/futures/exceptions.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Throws when a result can never come here.
inline void ProcessPool::check_waiting() const {
  if (is_here()) return;
  if (called_in_own_worker(id_)) {
    throw RuntimeError(
        "concurrent::futures: a task may not wait for a future of the pool that runs it: it could wait for ever. "
        "Return instead, and submit follow-up work from the caller.");
  }
  throw RuntimeError("concurrent::futures: this future belongs to process " + std::to_string(fork_guard_.pid()) +
                     ", of which this process is a fork; it will never be done here.");
}

/// A thread that is about to block on `word` does the manager's work itself for a while: the result that it waits for
/// then takes two hops, to the worker and back.
CONCURRENT_FUTURES_INLINE bool ProcessPool::pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old,
                                                       Deadline deadline) {
  check_waiting();
  const auto changed = [&] { return word.load(std::memory_order_acquire) != old; };
  if (callbacks_.is_runner()) {  // a callback that waits: nobody else would do the work
    while (!changed() && std::chrono::steady_clock::now() < deadline) {
      take_reports();
      if (!pump_results())
        sleep_manager((std::min)(next_look(), std::chrono::steady_clock::now() + std::chrono::milliseconds(1)));
    }
    return true;
  }
  if (!wakeups_.try_pump()) {
    for (ipc::Polling polling(spin_limit() / 4); !changed() && polling.again();) ipc::pause_processor();
    return changed();
  }
  wakeups_.poll();
  const bool done = poll_budget_.poll<ipc::Polling>(
      static_cast<std::size_t>(max_workers()), changed, [this] { return pump_results(); },
      [deadline] { return has_passed(deadline); });
  hand_back_rings();
  return done || changed();
}

inline void ProcessPool::hand_back_rings() {
  wakeups_.hand_back([this] { return pump_results(); }, results_ready());
}

/// When polling has not helped: sleeps on the word and, if no other thread pumps, on the poller's word as well, so that
/// a worker's result wakes this thread itself and not the manager first.
CONCURRENT_FUTURES_INLINE bool ProcessPool::park(const std::atomic<std::uint32_t>& word, std::uint32_t value,
                                                 Deadline deadline) {
  if (!is_here() || callbacks_.is_runner() || !wakeups_.try_pump()) return ipc::futex_wait(word, value, deadline);
  const std::int64_t before = ipc::monotonic_nanoseconds();
  const bool supported = wakeups_.sleep(word, value, deadline, results_ready());
  poll_budget_.slept(ipc::monotonic_nanoseconds() - before);
  while (pump_results()) {
  }
  hand_back_rings();
  if (!supported) return ipc::futex_wait(word, value, deadline);
  return !has_passed(deadline);
}

/// A coroutine or a chain of callbacks that has just gone on in the manager's thread waits for its next result as a
/// thread in `result` does, and is served as fast: for as long as such a thread would poll, and after that by a sleep
/// from which the workers wake the manager, so that it need not poll periodically. What comes is called back here at
/// once, but not while this thread pumps: a callback may be long, and others wait.
inline void ProcessPool::poll_after_callbacks(Deadline deadline) {
  struct Rounds {
    ProcessPool& pool;
    Deadline deadline;
    bool any_left() const { return pool.poll_budget_.outstanding() != 0; }
    bool poll() const {  // one stretch, for a result or for whoever wakes the manager
      const auto never = [] { return false; };
      const auto has_come = [this] { return pool.pump_results() || pool.wakeups_.has_work(); };
      return pool.poll_budget_.poll<ipc::Polling>(static_cast<std::size_t>(pool.max_workers()), has_come, never, never);
    }
    void call_back() const { pool.run_callbacks(); }
    bool have_called() const { return pool.callbacks_.take_ran(); }
    bool is_late() const { return has_passed(deadline); }
    bool pump() const { return pool.pump_results(); }
  };
  wakeups_.poll_between_callbacks(Rounds{*this, deadline});
}

inline void ProcessPool::sleep_manager(Deadline deadline) { wakeups_.sleep_manager(deadline, results_ready()); }

}  // namespace detail
}  // namespace concurrent::futures::inline v0
