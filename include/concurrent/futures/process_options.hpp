// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/statistics.hpp>
#include <concurrent/futures/task_options.hpp>
#include <concurrent/multiprocessing/context.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace concurrent::futures::inline v0 {

using multiprocessing::Spin;

/// What the death of one worker does to the others.
enum class WorkerDeathPolicy {
  break_pool,  ///< every unfinished future fails and the pool is broken, as in Python
  fail_task    ///< only the future whose task it was running fails; another worker takes its place
};

/// More deaths of workers than `count` within `period` break the pool, whatever the policy. It is there for workers
/// that cannot live: the deaths that a running task caused do not count, nor those that this pool brought about.
struct RestartLimit {
  int count = 10;                                             ///< so many are still allowed
  std::chrono::nanoseconds period = std::chrono::seconds(1);  ///< counted back from the last death
};

/// How a ProcessPoolExecutor is made. Names and meanings are Python's where Python has them.
struct ProcessPoolOptions {
  std::optional<int> max_workers{};          ///< default: the processors this process may use, at least 1
  multiprocessing::Context mp_context{};     ///< default: get_context(), which is "fork" unless set
  Initializer initializer{};                 ///< runs once in each worker before its first task
  std::optional<int> max_tasks_per_child{};  ///< a worker is replaced after that many tasks
  int extra_queued_calls = 1;                ///< the call queue holds max_workers + extra_queued_calls calls
  WorkerDeathPolicy on_worker_death = WorkerDeathPolicy::break_pool;  ///< and to the other calls
  RestartLimit restart_limit{};                                       ///< how many deaths break the pool all the same
  std::optional<std::chrono::nanoseconds> idle_timeout{};  ///< a worker idle for that long leaves; default: never
  Spin spin = Spin::adaptive();                            ///< how long a side polls before it sleeps
  /// That many calls may wait in this process, and the callbacks of as many that are done; then submit waits for room.
  std::optional<std::size_t> max_pending{};
  Initializer
      finalizer{};  ///< runs in each worker that leaves in good order, after its last task; never if it is killed
};

}  // namespace concurrent::futures::inline v0
