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
// │  drive the rings ────┼─┴───►│ callbacks, limits │◄─┤ result blocks of worker 1 … n        │  │                   │
// └──────────────────────┘      └─────────▲─────────┘  └──────────────────────────────────────┘  └─────────▲─────────┘
//                                         │ "worker 2 was killed by SIGSEGV"       fork, waitpid           │
//                                  monitor's thread ◄──────────── zygote (one thread, no user code) ───────┘
//
// submit pickles the call before any lock is taken, on the stack or, if it is large, straight into an argument block.
// If the call queue has room the submitting thread writes the call there itself; otherwise the WorkItem waits in
// `pending` and whoever next sees room moves it: a submitting thread, a thread that waits for a result (`drive`), or
// the manager. The same threads take results off the rings and resolve the futures; callbacks alone are always the
// manager's. Each step has a file: detail/process_pool_submit.hpp, _collect.hpp, _manage.hpp, _deaths.hpp, _start.hpp;
// the words in shared memory are in multiprocessing/detail/layout.hpp.
#pragma once

#include <concurrent/futures/detail/deadline.hpp>
#include <concurrent/futures/detail/pool_registry.hpp>
#include <concurrent/futures/detail/process_pool.hpp>
#include <concurrent/futures/detail/process_pool_collect.hpp>
#include <concurrent/futures/detail/process_pool_deaths.hpp>
#include <concurrent/futures/detail/process_pool_manage.hpp>
#include <concurrent/futures/detail/process_pool_start.hpp>
#include <concurrent/futures/detail/process_pool_submit.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/pickle/call.hpp>

#include <chrono>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {

/// Runs calls in worker processes. `Serializer` turns arguments and results into bytes and back.
///
/// Python: `concurrent.futures.ProcessPoolExecutor`.
template <class Serializer = pickle::Pickle>
class BasicProcessPoolExecutor {
 public:
  BasicProcessPoolExecutor() : BasicProcessPoolExecutor(ProcessPoolOptions{}) {}
  explicit BasicProcessPoolExecutor(int max_workers) : BasicProcessPoolExecutor(with_workers(max_workers)) {}
  explicit BasicProcessPoolExecutor(ProcessPoolOptions options) : pool_(detail::ProcessPool::make(std::move(options))) {
    try {
      detail::PoolRegistry::instance().add(*pool_);
    } catch (...) {
      end();
      throw;
    }
  }

  /// shutdown(true): every call that was submitted is completed.
  ~BasicProcessPoolExecutor() {
    if (!pool_->is_here()) return;  // a fork's copy: it has neither the threads nor the right to end anything
    end();
  }
  BasicProcessPoolExecutor(const BasicProcessPoolExecutor&) = delete;
  BasicProcessPoolExecutor& operator=(const BasicProcessPoolExecutor&) = delete;

  template <class Function, class... Args>
  auto submit(Function&& fn, Args&&... args) {
    return submit_item(nullptr, std::forward<Function>(fn), std::forward<Args>(args)...);
  }
  template <class Function, class... Args>
  auto submit(TaskOptions options, Function&& fn, Args&&... args) {
    return submit_item(std::make_unique<TaskOptions>(std::move(options)), std::forward<Function>(fn),
                       std::forward<Args>(args)...);
  }

  void shutdown(bool wait = true, bool cancel_futures = false) {
    if (!pool_->is_here()) return;
    pool_->shutdown(cancel_futures);
    if (wait) pool_->wait_until_ended(detail::Deadline::max());
  }

  template <class Rep, class Period>
  bool shutdown_for(const std::chrono::duration<Rep, Period>& timeout, bool cancel_futures = false) {
    if (!pool_->is_here()) return true;
    pool_->shutdown(cancel_futures);
    return pool_->wait_until_ended(detail::deadline_after(timeout));
  }

  int max_workers() const noexcept { return pool_->max_workers(); }
  std::vector<pid_t> processes() const { return pool_->processes(); }
  std::size_t pending_work_items() const { return pool_->pending_work_items(); }
  PoolStatistics statistics() const { return pool_->statistics(); }
  const multiprocessing::Context& mp_context() const noexcept { return pool_->context(); }
  void warm_up(int workers) { pool_->warm_up(workers); }
  void terminate_workers() { pool_->stop_workers(SIGTERM); }
  void kill_workers() { pool_->stop_workers(SIGKILL); }

 private:
  void end() noexcept {
    pool_->shutdown(false);
    pool_->wait_until_ended(detail::Deadline::max());
    detail::PoolRegistry::instance().remove(*pool_);
    pool_->release();
  }

  static ProcessPoolOptions with_workers(int max_workers) {
    ProcessPoolOptions options;
    options.max_workers = max_workers;
    return options;
  }

  template <class Function, class... Args>
  auto submit_item(std::unique_ptr<TaskOptions> options, Function&& fn, Args&&... args) {
    using Call = pickle::detail::CallChecks<Serializer, std::decay_t<Function>, pickle::detail::Sent<Args>...>;
    Call::check();
    if constexpr (!Call::passed()) {
      return Future<void>();  // refused: what follows would only repeat it in the standard library's words
    } else {
      return submit_checked(std::move(options), std::forward<Function>(fn), std::forward<Args>(args)...);
    }
  }

  template <class Function, class... Args>
  auto submit_checked(std::unique_ptr<TaskOptions> options, Function&& fn, Args&&... args) {
    using Result = pickle::call_result_t<Function, Args...>;
    pool_->check_open();
    pickle::detail::refuse_captured_stack(fn);
    auto* const state = new detail::ProcessFutureState<Result, Serializer>(*pool_);
    Future<Result> future(state);
    if (options != nullptr) {
      state->retries_left = static_cast<std::uint16_t>(options->retries < 0 ? 0 : options->retries);
      state->options = std::move(options);
    }
    detail::CallWriter writer(pool_->blocks());
    try {
      pickle::dump_call<Serializer>(writer, std::forward<Function>(fn), std::forward<Args>(args)...);
    } catch (...) {
      pool_->count_failed_submit();
      detail::FutureStateBase::run(state->finish_with_exception(std::current_exception()));
      return future;
    }
    pool_->submit(*state, writer);
    return future;
  }

  detail::ProcessPool* pool_;
};

using ProcessPoolExecutor = BasicProcessPoolExecutor<>;

}  // namespace concurrent::futures::inline v0
