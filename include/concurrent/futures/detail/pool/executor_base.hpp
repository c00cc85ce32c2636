// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/map_mixin.hpp>
#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/pool_text.hpp>
#include <concurrent/futures/detail/trace/trace_open.hpp>
#include <concurrent/futures/statistics.hpp>
#include <concurrent/futures/task_options.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// The front of every executor of ours, whatever its pool: what is the same for threads, processes and nodes. `Self` is
/// the executor, which befriends this and has
///   pool()                                   what it stands before
///   submit_item(Admission, options, fn, …)   `options`: a TaskOptions*, or nullptr; a future without a state where the
///                                            call is not admitted
///   check_task_options(options)              throws for what it cannot do
template <class Self>
class ExecutorBase : public MapMixin<Self>, public FormattableExecutor {
 public:
  /// Schedules `fn(args...)` and returns its future. For threads, function and arguments are copied, passed on as
  /// rvalues; for processes they are pickled before submit returns, and if that throws, the future fails with what it
  /// threw.
  ///
  /// Throws: RuntimeError after shutdown, and for processes in a worker of this pool and in a fork; BrokenExecutor
  /// (BrokenThreadPool, BrokenProcessPool) when the pool is broken; PicklingError when a captured pointer means nothing
  /// in a worker, or shared state nothing on another machine; QueueFull where it would have to wait in a callback, or
  /// in one of a thread pool's own tasks.
  /// Blocks: with `max_pending`, while that many calls wait in this process; shutting down or breaking the pool ends
  /// that, and it throws.
  /// Compile error: the call cannot be made, or a part of it cannot travel; the text says which and what to do.
  template <class Function, class... Args>
  auto submit(Function&& fn, Args&&... args) {
    return self().submit_item(Admission::wait, nullptr, std::forward<Function>(fn), std::forward<Args>(args)...);
  }
  /// The same with a time limit, retries, a priority, a std::stop_token, or a name for messages. A call whose token has
  /// been asked to stop already is cancelled, and nothing is pickled.
  ///
  /// Throws: also std::invalid_argument, which names the option; of threads for a timeout and for OnStop::terminate, as
  /// a thread can be neither stopped nor lost.
  template <class Function, class... Args>
  auto submit(TaskOptions options, Function&& fn, Args&&... args) {
    Self::check_task_options(options);
    return self().submit_item(Admission::wait, &options, std::forward<Function>(fn), std::forward<Args>(args)...);
  }

  /// submit, if there is room for the call: nothing where `max_pending` calls wait already, and function and arguments
  /// are as they were then. It never waits, so that it may be called in a callback. Throws: as submit, but QueueFull.
  template <class Function, class... Args>
  auto try_submit(Function&& fn, Args&&... args) {
    return if_admitted(
        self().submit_item(Admission::attempt, nullptr, std::forward<Function>(fn), std::forward<Args>(args)...));
  }
  /// The same with options.
  template <class Function, class... Args>
  auto try_submit(TaskOptions options, Function&& fn, Args&&... args) {
    Self::check_task_options(options);
    return if_admitted(
        self().submit_item(Admission::attempt, &options, std::forward<Function>(fn), std::forward<Args>(args)...));
  }

  /// No more calls are taken; what was submitted still runs, or is cancelled if no worker has taken it. Requests add
  /// up: a later one can add waiting or cancelling.
  ///
  /// Blocks: with `wait`, until every call is done and every worker gone; but not in a callback, or in one of a thread
  /// pool's own threads, which would wait for itself.
  void shutdown(bool wait = true, bool cancel_futures = false) {
    begin_shutdown(cancel_futures);
    if (wait && pool().is_here()) pool().wait_until_ended((Deadline::max)());
  }
  /// As shutdown(true, …) with a limit; false: it has not finished yet and goes on in the background. Where it cannot
  /// wait, always false.
  template <class Rep, class Period>
  bool shutdown_for(const std::chrono::duration<Rep, Period>& timeout, bool cancel_futures = false) {
    const Deadline deadline = deadline_after(timeout);
    begin_shutdown(cancel_futures);
    return pool().is_here() && pool().wait_until_ended(deadline);
  }

  /// Starts workers now, up to that many in all; of several nodes, the caller's first.
  void warm_up(int workers) {
    if (pool().is_here()) pool().warm_up(workers);
  }

  /// Writes a trace of what is submitted from now on to this file, in Chrome's trace event format, which Perfetto and
  /// chrome://tracing show: when each task was submitted, how long it was queued, when and in which worker it ran; when
  /// workers started, and how they ended. The file is complete once the pool has been shut down and waited for. Of
  /// several nodes it is one file: their workers stand under the names of their nodes, and their clocks are compared
  /// with this machine's, so that times are right to about half of a way there and back.
  ///
  /// Throws: std::system_error, which names the path, when it cannot be written; RuntimeError when the pool is being
  /// traced already or takes no more calls. Blocks: until each node has told the time, for ten seconds at most.
  void trace(const std::string& path) {
    if (!pool().is_here()) return;
    if constexpr (requires { pool().trace(path); }) {
      pool().trace(path);
    } else {
      pool().check_traceable();
      auto late = pool().trace(open_trace(path));
      if (late != nullptr) pool().check_traceable();
    }
  }

  /// Changes how many workers there are at most. With more, calls that wait begin in new ones; with fewer, those that
  /// have nothing to do leave now, and the others after their task. The call queue of processes holds
  /// `extra_queued_calls` more than that from now on.
  ///
  /// For processes up to 64, or to four times the number with which the executor was made if that is more; where
  /// address space is limited (`ulimit -v`), only up to that number. For several nodes the same holds for each of them:
  /// up to the number at the beginning one node after the other is filled, beyond it all grow alike; those that are to
  /// have no worker get no more calls, and one that had workers keeps one idle.
  ///
  /// Throws: std::invalid_argument for a number that is not in that range; std::system_error when the system has no
  /// memory for what more workers need, and nothing has changed then. For several nodes, whose answers are waited for,
  /// also what a node throws.
  void set_max_workers(int workers) {
    if (pool().is_here()) pool().set_max_workers(workers);
  }

  /// How many workers there are at most.
  int max_workers() const noexcept { return pool().max_workers(); }
  /// Submitted, not yet done.
  std::size_t pending_work_items() const { return pool().is_here() ? pool().pending_work_items() : 0; }
  /// What has been done so far. What other nodes tell of their workers comes within 20 ms.
  PoolStatistics statistics() const { return pool().is_here() ? pool().statistics() : PoolStatistics{}; }

 protected:
  ExecutorBase() = default;
  ~ExecutorBase() = default;

 private:
  friend Self;
  friend struct AdmissionAccess;
  friend struct fmt::formatter<Self, char>;

  Self& self() noexcept { return static_cast<Self&>(*this); }
  decltype(auto) pool() const noexcept { return static_cast<const Self&>(*this).pool(); }
  bool has_limit() const noexcept { return pool().is_limited(); }
  PoolSnapshot snapshot() const { return pool().snapshot(); }

  void begin_shutdown(bool cancel_futures) {
    if (!pool().is_here()) return;  // in a forked child: the threads, and perhaps a held lock, are the parent's
    this->finish_submitting_maps();
    pool().shutdown(cancel_futures);
  }
};

}  // namespace concurrent::futures::inline v0::detail
