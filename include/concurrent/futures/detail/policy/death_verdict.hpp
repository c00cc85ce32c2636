// SPDX-License-Identifier: BSL-1.0
// policy/: what the process pool decides, as plain values. No clock, no lock, no process, no shared memory: whoever
// asks gives the time and the facts, so that every case can be tested in milliseconds.
#pragma once

#include <concurrent/futures/process_options.hpp>

#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What is known when a worker has ended and everything that it published has been taken off its ring.
struct DeathFacts {
  bool asked_to_end = false;         // told to leave, or sent a signal, by this pool
  bool signalled = false;            // the latter
  bool retired = false;              // it said that it left on purpose
  bool finishing = false;            // it was leaving on purpose, and ran its finalizer
  bool retiring = false;             // it has run its last task, and was about to leave by itself
  bool damaged = false;              // what it wrote cannot be
  bool has_call = false;             // it had taken a call and not answered
  bool call_started = false;         // and had begun to run it
  bool stopped_for_timeout = false;  // this pool stopped that call, at its time limit
  bool stopped_by_user = false;      // or by terminate()
  bool retries_left = false;         // of that call
  bool initializer_failed = false;
  bool pool_broken = false;
  bool no_more_workers = false;  // the pool is on its way to its end
};

/// What becomes of the call that it had.
enum class CallFate : std::uint8_t {
  none,
  put_back,     // it had not begun: somebody else runs it, as if nothing had happened
  retry,        // it had begun, and may be run again
  worker_died,  // WorkerDied
  timed_out,    // TaskTimeoutError
  cancelled,
  broken  // fails with the pool
};

struct Verdict {
  CallFate call = CallFate::none;
  bool counts_as_lost = false;  // in the statistics, and in the log
  bool spends_restart = false;  // no task caused it: it counts towards restart_limit
  bool breaks_pool = false;
};

/// Same facts, same verdict. ProcessPool::worker_ended (deaths.hpp) gathers the facts, and breaks the pool, too, where
/// a restart is spent and RestartBudget has none left. Whether another worker starts is not judged: one does if there
/// is work for it (start.hpp).
///
/// A death is expected where this pool brought it about, or the worker had said that it leaves. A worker that was told
/// to leave may have taken one more call, which it does not begin: that costs nobody anything. But one that had begun a
/// call which nobody stopped died of its own accord, whatever it had been told. So did one that ended in its finalizer
/// by no signal of this pool's, also while the pool is on its way to its end; that costs no call, and no pool.
constexpr Verdict judge(const DeathFacts& facts, WorkerDeathPolicy policy) noexcept {
  const bool started = facts.has_call && facts.call_started;
  const bool stopped = started && (facts.stopped_for_timeout || facts.stopped_by_user);
  const bool left =
      (facts.retired || facts.finishing || facts.retiring) && !facts.has_call && !facts.initializer_failed;
  const bool expected =
      !facts.damaged && (facts.no_more_workers || stopped || (!started && (facts.asked_to_end || left)));
  const bool crashed_at_end = facts.finishing && !facts.signalled && !started;
  Verdict verdict;
  verdict.counts_as_lost = !expected || crashed_at_end;
  verdict.breaks_pool = !expected && (facts.initializer_failed || policy == WorkerDeathPolicy::break_pool);
  verdict.spends_restart = !expected && !verdict.breaks_pool && !started;
  if (!facts.has_call) return verdict;
  if (facts.stopped_by_user) {
    verdict.call = CallFate::cancelled;
  } else if (!started) {
    verdict.call = facts.pool_broken ? CallFate::broken : CallFate::put_back;
  } else if (facts.stopped_for_timeout) {
    verdict.call = CallFate::timed_out;
  } else if (facts.pool_broken || (verdict.breaks_pool && policy == WorkerDeathPolicy::break_pool)) {
    verdict.call = CallFate::broken;
  } else if (facts.retries_left && policy == WorkerDeathPolicy::fail_task && !verdict.breaks_pool) {
    verdict.call = CallFate::retry;
  } else {
    verdict.call = CallFate::worker_died;
  }
  return verdict;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
