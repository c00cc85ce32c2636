// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/map_mixin.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/refused.hpp>
#include <concurrent/futures/detail/pool/stop_watch.hpp>
#include <concurrent/futures/detail/thread_pool/thread_pool.hpp>
#include <concurrent/futures/detail/trace/trace_open.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/futures/task_options.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/symbols.hpp>
#include <concurrent/pickle/stop_token.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {

/// How a ThreadPoolExecutor is made. Names and meanings are Python's.
struct ThreadPoolOptions {
  std::optional<int> max_workers{};  ///< default: min(32, usable processors + 4)
  std::string thread_name_prefix{};  ///< threads are called prefix_0, prefix_1, …, cut to the 15 letters of Linux
  Initializer initializer{};         ///< runs once in each thread before its first task
  std::optional<std::size_t> max_pending{};  ///< that many calls may wait for a thread; then submit waits for room
  Initializer finalizer{};                   ///< runs in each thread that leaves, after its last task
};

namespace detail {

/// The state of a future that a thread pool will resolve, and its call: one allocation a task.
template <class R, class Function, class... Args>
class ThreadFutureState final : public FutureState<R>, public ThreadTask {
 public:
  template <class... Given>
  explicit ThreadFutureState(std::shared_ptr<ThreadPool> pool, Given&&... given)
      : pool_(std::move(pool)), call_(std::in_place, std::forward<Given>(given)...) {}

  std::unique_ptr<const std::string> label;  // none: the function's name

  FutureStateBase& state() noexcept override { return *this; }
  void read_progress(std::uint64_t& done, std::uint64_t& total) noexcept override {
    if (this->running() && pool_->is_here()) pool_->read_progress(*this, done, total);
  }
  void forget() noexcept override { call_.reset(); }
  std::string name() const override {
    if (label != nullptr) return *label;
    if constexpr (std::is_pointer_v<Function>) {
      return pickle::detail::function_name(reinterpret_cast<std::uintptr_t>(std::get<0>(*call_)));
    } else {
      return pickle::detail::readable_name<Function>();
    }
  }

  CallbackList run(ThreadPool& pool) noexcept override {
    using Value = std::conditional_t<std::is_void_v<R>, Nothing, R>;
    std::optional<Value> value;
    std::exception_ptr error;
    try {
      if constexpr (std::is_void_v<R>) {
        call();
        value.emplace();
      } else {
        value.emplace(call());
      }
    } catch (...) {
      error = std::current_exception();
    }
    call_.reset();  // whoever sees the result sees function and arguments destroyed
    if (pool.before_publishing(*this, error)) return this->finish_cancelled();
    if (error) return this->finish_with_exception(std::move(error));
    try {
      if constexpr (std::is_void_v<R>) {
        return this->finish_with_value();
      } else {
        return this->finish_with_value(std::move(*value));
      }
    } catch (...) {  // the result's move constructor
      return this->finish_with_exception(std::current_exception());
    }
  }

 protected:
  bool withdraw() noexcept override { return pool_->withdraw(*this); }
  bool ask_to_stop() noexcept override {
    if (!pool_->is_here()) return false;
    if (this->cancel()) return true;
    this->stop_requested.store(true, std::memory_order_release);
    stop_.request();
    return !this->done();
  }

 private:
  decltype(auto) call() {
    return std::apply(
        [this](Function& function, Args&... args) -> decltype(auto) {
          return pickle::detail::invoke_task(stop_.token(), std::move(function), std::move(args)...);
        },
        *call_);
  }

  const std::shared_ptr<ThreadPool> pool_;
  std::optional<std::tuple<Function, Args...>> call_;
  [[no_unique_address]] std::conditional_t<pickle::detail::wants_token<Function, Args...>, StopWord, NoStopWord> stop_;
};

struct ThreadPoolAccess;

}  // namespace detail

/// Runs calls in threads of this process, started on demand and used again. Nothing is pickled: any callable and any
/// argument will do, by value; pass std::ref for a reference.
///
/// The destructor is shutdown(true), so a block is Python's with-statement. An executor that is never destroyed, or was
/// shut down without waiting, is waited for when the program ends.
/// `fmt::format("{}", pool)` gives what it is at: "ThreadPoolExecutor: 4 workers (2 busy), 3 queued, 120 done".
/// Threads: all members may be called from any thread, also from the executor's own.
/// Python: concurrent.futures.ThreadPoolExecutor.
class ThreadPoolExecutor : public detail::MapMixin<ThreadPoolExecutor>, public detail::HasGlance {
 public:
  static constexpr bool shares_memory = true;  ///< for map: its tasks share one function

  ThreadPoolExecutor() : ThreadPoolExecutor(ThreadPoolOptions{}) {}
  /// Throws: std::invalid_argument unless max_workers is greater than 0.
  explicit ThreadPoolExecutor(int max_workers) : ThreadPoolExecutor(ThreadPoolOptions{.max_workers = max_workers}) {}
  /// Starts no thread yet. Throws: as the constructor from a number.
  explicit ThreadPoolExecutor(ThreadPoolOptions options)
      : pool_(detail::ThreadPool::make(options.max_workers, std::move(options.thread_name_prefix),
                                       std::move(options.initializer), std::move(options.finalizer),
                                       options.max_pending)) {}
  ~ThreadPoolExecutor();

  /// Schedules `fn(args...)`, with copies of both that are passed on as rvalues, and returns its future.
  ///
  /// Throws: RuntimeError after shutdown, BrokenThreadPool after an initializer threw, what copying throws; QueueFull
  /// where it would have to wait in one of the executor's own threads, in a task or a callback.
  /// Blocks: with `max_pending`, while that many calls wait; shutting down or breaking the pool ends that, and it
  /// throws. Compile error: the function cannot be called with these arguments.
  template <class Function, class... Args>
  auto submit(Function&& fn, Args&&... args) {
    return submit_item(detail::Admission::wait, nullptr, std::forward<Function>(fn), std::forward<Args>(args)...);
  }
  /// The same with a priority, a std::stop_token, or a name for traces. A thread can be neither stopped nor lost, so
  /// that retries change nothing.
  ///
  /// Throws: also std::invalid_argument for a timeout and for OnStop::terminate.
  template <class Function, class... Args>
  auto submit(TaskOptions options, Function&& fn, Args&&... args) {
    detail::check_task_for_threads(options);
    return submit_item(detail::Admission::wait, &options, std::forward<Function>(fn), std::forward<Args>(args)...);
  }

  /// submit, if there is room for the call: nothing where `max_pending` calls wait already, and function and arguments
  /// are as they were then. It never waits, so that it may be called in a task or a callback. Throws: as submit, but
  /// QueueFull.
  template <class Function, class... Args>
  auto try_submit(Function&& fn, Args&&... args) {
    return detail::if_admitted(
        submit_item(detail::Admission::attempt, nullptr, std::forward<Function>(fn), std::forward<Args>(args)...));
  }
  /// The same with options.
  template <class Function, class... Args>
  auto try_submit(TaskOptions options, Function&& fn, Args&&... args) {
    detail::check_task_for_threads(options);
    return detail::if_admitted(
        submit_item(detail::Admission::attempt, &options, std::forward<Function>(fn), std::forward<Args>(args)...));
  }

  /// No more calls are taken; what was submitted still runs, or is cancelled if it has not begun. Requests add up: a
  /// later one can add waiting or cancelling.
  ///
  /// Blocks: with `wait`, until all threads have ended; but not in one of the executor's own threads, which would wait
  /// for itself.
  void shutdown(bool wait = true, bool cancel_futures = false) {
    begin_shutdown(cancel_futures);
    if (wait && pool_->is_here()) pool_->wait_until_ended((detail::Deadline::max)());
  }

  /// As shutdown(true, …) with a limit; false: it has not finished yet and goes on in the background. In one of the
  /// executor's own threads, where it cannot wait, always false.
  template <class Rep, class Period>
  bool shutdown_for(const std::chrono::duration<Rep, Period>& timeout, bool cancel_futures = false) {
    const detail::Deadline deadline = detail::deadline_after(timeout);
    begin_shutdown(cancel_futures);
    return pool_->is_here() && pool_->wait_until_ended(deadline);
  }

  /// Starts threads now, up to that many in all.
  void warm_up(int workers) {
    if (pool_->is_here()) pool_->warm_up(workers);
  }

  /// Writes a trace of what is submitted from now on to this file, in Chrome's trace event format: when each task was
  /// submitted, how long it was queued, when and in which thread it ran. The file is complete once the executor has
  /// been shut down and waited for.
  ///
  /// Throws: std::system_error, which names the path, when it cannot be written; RuntimeError when the executor is
  /// being traced already or takes no more calls.
  void trace(const std::string& path) {
    if (!pool_->is_here()) return;
    pool_->check_traceable();
    auto late = pool_->trace(detail::open_trace(path));
    if (late != nullptr) pool_->check_traceable();
  }

  /// Changes how many threads there are at most. With more, calls that wait begin at once; with fewer, threads that
  /// have nothing to do leave now, and the others after their task.
  ///
  /// Throws: std::invalid_argument unless `workers` is greater than 0.
  void set_max_workers(int workers) {
    if (pool_->is_here()) pool_->set_max_workers(workers);
  }

  /// How many threads there are at most.
  int max_workers() const noexcept { return pool_->max_workers(); }
  /// Submitted, not yet done.
  std::size_t pending_work_items() const { return pool_->is_here() ? pool_->pending_work_items() : 0; }
  /// What has been done so far.
  PoolStatistics statistics() const { return pool_->is_here() ? pool_->statistics() : PoolStatistics{}; }

 private:
  friend struct fmt::formatter<ThreadPoolExecutor, char>;
  friend struct detail::ThreadPoolAccess;
  detail::PoolGlance glance() const { return pool_->glance(); }
  static std::string name_for_messages() { return "ThreadPoolExecutor"; }

  friend struct detail::AdmissionAccess;
  bool has_limit() const noexcept { return pool_->is_limited(); }
  template <class Function, class... Args>
  auto submit_item(detail::Admission admission, TaskOptions* options, Function&& fn, Args&&... args) {
    constexpr bool can_call = std::is_invocable_v<std::decay_t<Function>, std::decay_t<Args>...> ||
                              pickle::detail::wants_token<std::decay_t<Function>, std::decay_t<Args>...>;
    static_assert(can_call,
                  "concurrent::futures: submit: the function cannot be called with copies of these arguments. Check "
                  "their number and types; for a parameter of type T& pass std::ref(argument).");
    constexpr bool can_keep =
        std::is_constructible_v<std::tuple<std::decay_t<Function>, std::decay_t<Args>...>, Function, Args...>;
    static_assert(
        can_keep,
        "concurrent::futures: submit: the function or an argument cannot be copied, and the call keeps a copy. "
        "Pass std::move(argument), or a std::shared_ptr.");
    if constexpr (can_keep && can_call) {
      using R = std::decay_t<typename pickle::detail::TaskResult<std::decay_t<Function>, std::decay_t<Args>...>::type>;
      using Task = detail::ThreadFutureState<R, std::decay_t<Function>, std::decay_t<Args>...>;
      const detail::WaitingPlace<detail::ThreadPool> place(*pool_, admission);
      if (place.is_refused()) return Future<R>(static_cast<detail::FutureState<R>*>(nullptr));
      Task* const task = new Task(pool_, std::forward<Function>(fn), std::forward<Args>(args)...);
      Future<R> future(task);
      auto watch = detail::StopWatch::make(options);
      if (options != nullptr) {
        if (detail::is_stopped(*options)) {
          pool_->count_unsent(&PoolStatistics::cancelled);
          detail::FutureStateBase::run(task->finish_cancelled());
          return future;
        }
        if (!options->label.empty()) task->label = std::make_unique<const std::string>(std::move(options->label));
        task->given_priority = options->priority;
      }
      task->add_reference();  // for the queue
      try {
        pool_->submit(*task);
      } catch (...) {
        task->release();
        throw;
      }
      detail::StopWatch::begin(std::move(watch), *task);
      return future;
    } else {
      return detail::refused_future<std::decay_t<Function>, std::decay_t<Args>...>();
    }
  }

  void begin_shutdown(bool cancel_futures) {
    if (!pool_->is_here()) return;  // in a forked child: the threads, and perhaps a held lock, are the parent's
    this->finish_submitting_maps();
    pool_->shutdown(cancel_futures);
  }

  std::shared_ptr<detail::ThreadPool> pool_;
};

inline ThreadPoolExecutor::~ThreadPoolExecutor() {
  if (!pool_->is_here()) {
    // Left alone: the threads it would wait for are not here.
    new std::shared_ptr<detail::ThreadPool>(std::move(pool_));  // NOLINT(bugprone-unhandled-exception-at-new)
    return;
  }
  try {
    shutdown(true);
    if (pool_->is_own_thread()) pool_->detach_threads();
  } catch (const std::exception& error) {
    detail::log_message(LogLevel::error, error.what());
  }
}

}  // namespace concurrent::futures::inline v0
