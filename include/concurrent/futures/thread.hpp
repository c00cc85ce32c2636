// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/executor_base.hpp>
#include <concurrent/futures/detail/pool/refused.hpp>
#include <concurrent/futures/detail/pool/stop_watch.hpp>
#include <concurrent/futures/detail/thread_pool/thread_future_state.hpp>
#include <concurrent/futures/detail/thread_pool/thread_pool.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/futures/task_options.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/pickle/stop_token.hpp>

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
class ThreadPoolExecutor : public detail::ExecutorBase<ThreadPoolExecutor> {
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

 private:
  friend class detail::ExecutorBase<ThreadPoolExecutor>;
  friend struct detail::AdmissionAccess;
  friend struct fmt::formatter<ThreadPoolExecutor, char>;
  friend struct detail::ThreadPoolAccess;
  detail::ThreadPool& pool() const noexcept { return *pool_; }
  static std::string name_for_messages() { return "ThreadPoolExecutor"; }

  static void check_task_options(const TaskOptions& options) { detail::check_task_for_threads(options); }
  template <class Function, class... Args>
  auto submit_item(detail::Admission admission, TaskOptions* options, Function&& fn, Args&&... args) {
    constexpr bool can_call = std::is_invocable_v<std::decay_t<Function>, pickle::detail::Taken<Args>...> ||
                              pickle::detail::wants_token<std::decay_t<Function>, pickle::detail::Taken<Args>...>;
    static_assert(can_call,
                  "concurrent::futures: submit: the function cannot be called with copies of these arguments. Check "
                  "their number and types; for a parameter of type T& pass std::ref(argument).");
    constexpr bool can_keep =
        std::is_constructible_v<std::tuple<std::decay_t<Function>, pickle::detail::Taken<Args>...>, Function, Args...>;
    static_assert(
        can_keep,
        "concurrent::futures: submit: the function or an argument cannot be copied, and the call keeps a copy. "
        "Pass std::move(argument), or a std::shared_ptr.");
    if constexpr (can_keep && can_call) {
      using R = std::decay_t<
          typename pickle::detail::TaskResult<std::decay_t<Function>, pickle::detail::Taken<Args>...>::type>;
      using Task = detail::ThreadFutureState<R, std::decay_t<Function>, pickle::detail::Taken<Args>...>;
      const detail::WaitingPlace<detail::ThreadPool> place(*pool_, admission);
      if (place.is_refused()) return Future<R>(static_cast<detail::FutureState<R>*>(nullptr));
      Task* const task = new Task(*pool_, std::forward<Function>(fn), std::forward<Args>(args)...);
      Future<R> future(task);
      auto watch = detail::StopWatch::make(options);
      if (options != nullptr) {
        if (detail::is_stopped(*options)) {
          pool_->count_unsent(&PoolStatistics::cancelled);
          detail::FutureStateBase::run(task->finish_cancelled());
          return future;
        }
        if (!options->label.empty())
          task->label = pickle::detail::UniquePointer<const std::string>::make(std::move(options->label));
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
      return detail::refused_future<std::decay_t<Function>, pickle::detail::Taken<Args>...>();
    }
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
