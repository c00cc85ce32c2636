// SPDX-License-Identifier: BSL-1.0
// The process pool.
//
//  caller's threads                manager's thread               shared memory                          worker process
// ┌──────────────────────┐      ┌───────────────────┐  ┌──────────────────────────────────────┐  ┌───────────────────┐
// │ submit               │      │ the same work,    │  │ call queue: max_workers + 1 calls    │  │ claim_call        │
// │  pickle the call ────┼──┐   │ when no thread of │  │  [ready][claimed by 2][free]         ├─►│ unpickle, call fn │
// │  WorkItem in pending │  │   │ the caller's does │  │ call records, argument blocks        │  │                   │
// │  Future ◄────────────┼─┐└──►│ it on its way     ├─►│                                      │  │                   │
// │ result, wait:        │ │    │                   │  │ result ring of worker 1 … worker n   │◄─┤ pickle the result │
// │  pump the rings ─────┼─┴───►│ callbacks, limits │◄─┤ result blocks of worker 1 … n        │  │                   │
// └──────────────────────┘      └─────────▲─────────┘  └──────────────────────────────────────┘  └─────────▲─────────┘
//                                         │ "worker 2 was killed by SIGSEGV"       fork, waitpid           │
//                                  monitor's thread ◄──────────── zygote (one thread, no user code) ───────┘
//
// submit pickles the call before any lock is taken, on the stack or, if it is large, straight into an argument block.
// If the call queue has room the submitting thread writes the call there itself; otherwise the WorkItem waits in the
// ledger and whoever next sees room sends it: a submitting thread, a thread that waits for a result (`pump_until`), or
// the manager. The same threads take results off the rings and resolve the futures; callbacks alone are always the
// manager's. Each step has a file in detail/process_pool: submit.hpp, results.hpp, manager.hpp, timers.hpp, deaths.hpp,
// start.hpp, control.hpp, trace.hpp; the words in shared memory are in multiprocessing/detail/layout.hpp.
#pragma once

#include <concurrent/futures/detail/exceptions/pickled_worker_died.hpp>
#include <concurrent/futures/detail/map/serializer.hpp>
#include <concurrent/futures/detail/pool/executor_base.hpp>
#include <concurrent/futures/detail/pool/refused.hpp>
#include <concurrent/futures/detail/pool/stop_watch.hpp>
#include <concurrent/futures/detail/process_pool/handle.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <csignal>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {

/// Runs calls in worker processes that are started on demand and used again. What a call does to its process, a crash
/// included, the caller survives.
///
/// `Serializer` turns arguments and results into bytes and back: a type with `static void dump(pickle::Writer&, const
/// T&)` and `static T load(pickle::Reader&)`, both templates on T.
///
/// Threads: all members may be called from any thread. In a fork of the process that made the executor, and in its own
/// workers, submit throws RuntimeError and everything else does nothing.
/// `fmt::format("{}", pool)` gives what it is at: "ProcessPoolExecutor: 4 workers (2 busy), 3 queued, 120 done".
/// Python: `concurrent.futures.ProcessPoolExecutor`.
template <class Serializer = pickle::Pickle>
class BasicProcessPoolExecutor : public detail::ExecutorBase<BasicProcessPoolExecutor<Serializer>> {
 public:
  BasicProcessPoolExecutor() : BasicProcessPoolExecutor(ProcessPoolOptions{}) {}
  /// Throws: as the constructor from options.
  explicit BasicProcessPoolExecutor(int max_workers) : BasicProcessPoolExecutor(with_workers(max_workers)) {}
  /// Starts no worker yet, but the helper process from which workers will be forked; under "fork" they see the memory
  /// of this process as it is now.
  ///
  /// Throws: std::invalid_argument, which names the argument and its value; std::system_error, which names the call,
  /// when the system refuses memory, a descriptor, a process or a thread; RuntimeError for "forkserver" and "spawn" in
  /// a program that has not called freeze_support.
  explicit BasicProcessPoolExecutor(ProcessPoolOptions options) : pool_(std::move(options)) {
    pool_.start();  // not before pool_ is set: under "fork" the workers have a copy of this object as it is now
  }

  /// shutdown(true): every call that was submitted is completed, and nothing is left of the pool. Never throws.
  ~BasicProcessPoolExecutor() {
    if (pool().is_here()) this->finish_submitting_maps();
  }
  /// For map: says at compile time what is wrong with a call.
  template <class Function, class... Args>
  using CallChecks = pickle::detail::CallChecks<detail::serializer_for_t<Serializer, Function>, Function, Args...>;

  BasicProcessPoolExecutor(const BasicProcessPoolExecutor&) = delete;
  BasicProcessPoolExecutor& operator=(const BasicProcessPoolExecutor&) = delete;

  /// Ends each worker with SIGTERM, and with SIGKILL what has not gone after a second. Calls that no worker has taken
  /// become cancelled, the others fail with BrokenProcessPool, and the pool takes no more. Does nothing on a pool that
  /// has no workers, or is broken.
  ///
  /// Python: `terminate_workers`.
  void terminate_workers() {
    if (pool().is_here()) pool().stop_workers(SIGTERM);
  }
  /// The same with SIGKILL.
  void kill_workers() {
    if (pool().is_here()) pool().stop_workers(SIGKILL);
  }

  /// The ids of the workers that live.
  ///
  /// Blocks: while workers are being started, for ten seconds at most; those that have not come by then are left out.
  std::vector<pid_t> processes() const { return pool().is_here() ? pool().processes() : std::vector<pid_t>(); }
  /// How workers are started.
  const multiprocessing::Context& mp_context() const noexcept { return pool().context(); }

 private:
  friend class detail::ExecutorBase<BasicProcessPoolExecutor>;
  friend struct detail::AdmissionAccess;
  detail::ProcessPool& pool() const noexcept { return *pool_; }

  friend struct fmt::formatter<BasicProcessPoolExecutor, char>;
  static std::string name_for_messages() {
    if constexpr (std::is_same_v<Serializer, pickle::Pickle>) {
      return "ProcessPoolExecutor";
    } else {
      return "BasicProcessPoolExecutor<" + pickle::detail::readable_name<Serializer>() + ">";
    }
  }

  static void check_task_options(const TaskOptions& options) { detail::check_task(options); }
  static ProcessPoolOptions with_workers(int max_workers) {
    ProcessPoolOptions options;
    options.max_workers = max_workers;
    return options;
  }

  // `options`: a TaskOptions*, or nullptr; calls without any compile nothing of what options need.
  template <class Options, class Function, class... Args>
  auto submit_item(detail::Admission admission, Options options, Function&& fn, Args&&... args) {
    using Carrier = detail::serializer_for_t<Serializer, Function>;
    using Call = CallChecks<std::decay_t<Function>, pickle::detail::SentBy<Serializer, Args>...>;
    Call::check();
    if constexpr (!Call::passed()) {
      // Refused: what follows would only repeat it in the standard library's words.
      return detail::refused_future<std::decay_t<Function>, pickle::detail::SentBy<Serializer, Args>...>();
    } else {
      using Result = pickle::call_result_t<Function, Args...>;
      pool().check_open();
      const pickle::Readers readers = pool().readers();
      pickle::detail::Captures<std::decay_t<Function>>::check(fn, readers);
      const detail::WaitingPlace<detail::ProcessPool> place(pool(), admission);
      if (place.is_refused()) return Future<Result>(static_cast<detail::FutureState<Result>*>(nullptr));
      auto* const state = new detail::ProcessFutureState<Result, Carrier>(pool());
      Future<Result> future(state);
      [[maybe_unused]] detail::StopWatchOf<Options> watch(options);
      if constexpr (!std::is_null_pointer_v<Options>) {
        if (options != nullptr) {
          if (detail::is_stopped(*options)) {
            pool().count_unsent(&PoolStatistics::cancelled);
            detail::FutureStateBase::run(state->finish_cancelled());
            return future;
          }
          state->retries_left = static_cast<std::uint16_t>(options->retries);
          state->options = pickle::detail::UniquePointer<TaskOptions>::make(std::move(*options));
        }
      }
      detail::CallWriter writer(pool().blocks());
      writer.set_readers(readers);
      try {
        pickle::detail::dump_checked_call<Carrier>(writer, std::forward<Function>(fn), std::forward<Args>(args)...);
      } catch (...) {
        pool().count_unsent(&PoolStatistics::failed);
        detail::FutureStateBase::run(state->finish_with_exception(std::current_exception()));
        return future;
      }
      pool().submit(*state, writer);
      watch.begin(*state);
      return future;
    }
  }

  detail::ProcessPoolHandle pool_;
};

/// The usual one, with this library's own serializer.
using ProcessPoolExecutor = BasicProcessPoolExecutor<>;

}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/exceptions/exception_registry.hpp>
#include <concurrent/futures/detail/process_pool/control.hpp>
#include <concurrent/futures/detail/process_pool/deaths.hpp>
#include <concurrent/futures/detail/process_pool/handle.impl.hpp>
#include <concurrent/futures/detail/process_pool/helper_reports.hpp>
#include <concurrent/futures/detail/process_pool/manager.hpp>
#include <concurrent/futures/detail/process_pool/queue_limits.hpp>
#include <concurrent/futures/detail/process_pool/resize.hpp>
#include <concurrent/futures/detail/process_pool/results.hpp>
#include <concurrent/futures/detail/process_pool/start.hpp>
#include <concurrent/futures/detail/process_pool/submit.hpp>
#include <concurrent/futures/detail/process_pool/timers.hpp>
#include <concurrent/futures/detail/process_pool/trace.hpp>
#include <concurrent/futures/detail/process_pool/waiting.hpp>
#endif
