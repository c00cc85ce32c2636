// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/at_exit.hpp>
#include <concurrent/futures/detail/pool_text.hpp>
#include <concurrent/futures/detail/thread_task.hpp>
#include <concurrent/futures/detail/trace_sink.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/futures/process_options.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/process_mark.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What is behind a ThreadPoolExecutor. It lives as long as the executor, a thread of its own or one of its pending
/// futures does, so that any of them may be the last.
///
/// A thread counts as idle from just before it publishes a result: who sees the result finds the thread free. While it
/// runs callbacks, which may take long, it does not.
class ThreadPool : public EndsAtExit, public std::enable_shared_from_this<ThreadPool> {
 public:
  ThreadPool(int max_workers, std::string name_prefix, Initializer initializer)
      : max_workers_(max_workers), name_prefix_(std::move(name_prefix)), initializer_(std::move(initializer)) {}

  // For the executor.
  bool is_here() const noexcept { return mark_.is_here(); }
  bool is_own_thread() const noexcept { return current() == this; }
  void submit(ThreadTask& task);  // takes over a reference of the task's
  void shutdown(bool cancel_futures);
  bool wait_until_ended(Deadline deadline);
  void detach_threads();
  void warm_up(int workers);
  int max_workers() const noexcept { return max_workers_; }
  std::size_t pending_work_items();
  PoolStatistics statistics();
  PoolGlance glance();
  void check_traceable();
  std::unique_ptr<TraceSink> trace(std::unique_ptr<TraceSink> sink);

  // For tasks.
  bool withdraw(ThreadTask& task) noexcept;
  void before_publishing(ThreadTask& task, bool failed) noexcept;

  // At the end of the program.
  void end_at_exit() noexcept override;

 private:
  struct Start {  // what a new thread is given
    std::shared_ptr<ThreadPool> pool;
    int index;
  };

  void check_open() const;
  int start_thread() noexcept;
  static void* thread_main(void* argument) noexcept;
  void set_thread_name(int index) const noexcept;
  void work() noexcept;
  bool initialize() noexcept;
  void run(ThreadTask& task) noexcept;
  void break_pool(const std::string& reason) noexcept;
  // With a trace: when this thread began its task; 0: it has not had one that is traced.
  static std::int64_t& task_started() noexcept {
    thread_local std::int64_t time = 0;
    return time;
  }
  static TraceThread this_thread() noexcept { return {::getpid(), ::gettid()}; }
  void trace_submit(ThreadTask& task) noexcept;
  void trace_begin() noexcept;
  static ThreadPool*& current() noexcept {
    thread_local ThreadPool* pool = nullptr;
    return pool;
  }

  const int max_workers_;
  const std::string name_prefix_;
  const Initializer initializer_;
  const multiprocessing::detail::ProcessMark mark_;

  std::mutex mutex_;  // guards what follows; not held while anything of the user's runs
  std::condition_variable work_or_end_;
  TaskList tasks_;
  std::vector<pthread_t> threads_;  // to be joined
  int started_ = 0;
  std::size_t idle_ = 0;      // threads that look for a task, or will without delay
  std::size_t sleeping_ = 0;  // of those, the ones that sleep
  bool shutting_down_ = false;
  std::string broken_;  // why; empty: it is not
  PoolStatistics counts_;
  std::unique_ptr<TraceSink> trace_;  // constant once it is there; has a lock of its own

  std::mutex join_mutex_;
  std::atomic<std::uint32_t> running_{0};  // threads; a futex
};

// ---- calls

inline void ThreadPool::check_open() const {
  if (!broken_.empty()) throw BrokenThreadPool(broken_);
  if (shutting_down_) {
    throw RuntimeError(
        "concurrent::futures: submit: cannot schedule new futures after shutdown. Submit before it, or make another "
        "executor.");
  }
  if (ExitRegistry::is_exiting()) {
    throw RuntimeError(
        "concurrent::futures: submit: cannot schedule new futures after the program has begun to end. Submit before "
        "main returns.");
  }
}

inline void ThreadPool::submit(ThreadTask& task) {
  if (!is_here()) {
    throw RuntimeError(
        "concurrent::futures: submit: this executor belongs to the process from which this one was forked, and its "
        "threads are there. Make another executor here.");
  }
  const std::lock_guard lock(mutex_);
  check_open();
  tasks_.push_back(task);
  if (tasks_.size() > idle_ && started_ < max_workers_) {
    const int error = start_thread();
    if (error != 0 && started_ == 0) {
      tasks_.remove(task);
      throw RuntimeError(std::string("concurrent::futures: submit: no thread could be started: pthread_create: ") +
                         std::strerror(error) + ". Raise the limit on threads or memory.");
    }
  }
  if (trace_ != nullptr) [[unlikely]]
    trace_submit(task);
  ++counts_.submitted;
  if (sleeping_ != 0) work_or_end_.notify_one();
}

inline bool ThreadPool::withdraw(ThreadTask& task) noexcept {
  {
    const std::lock_guard lock(mutex_);
    // Off the list and still pending: shutdown is about to cancel it.
    if (!task.queued) return task.state().state() == State::pending;
    tasks_.remove(task);
    ++counts_.cancelled;
    if (task.traced) trace_->ended(&task);
  }
  task.forget();
  task.state().release();
  return true;
}

inline std::size_t ThreadPool::pending_work_items() {
  const std::lock_guard lock(mutex_);
  return counts_.submitted - counts_.completed - counts_.failed - counts_.cancelled;
}

inline PoolStatistics ThreadPool::statistics() {
  const std::lock_guard lock(mutex_);
  return counts_;
}

inline PoolGlance ThreadPool::glance() {
  PoolGlance glance;
  glance.process = mark_.pid();
  if (!is_here()) {
    glance.phase = PoolGlance::Phase::elsewhere;
    return glance;
  }
  const std::lock_guard lock(mutex_);
  glance.workers = static_cast<std::uint64_t>(started_);
  glance.queued = tasks_.size();
  glance.done = counts_.completed + counts_.failed + counts_.cancelled;
  glance.busy = counts_.submitted - glance.done - glance.queued;
  if (!broken_.empty()) {
    glance.phase = PoolGlance::Phase::broken;
  } else if (shutting_down_) {
    glance.phase = running_.load() == 0 ? PoolGlance::Phase::shut_down : PoolGlance::Phase::shutting_down;
  }
  return glance;
}

// ---- a trace

inline void ThreadPool::check_traceable() {
  const std::lock_guard lock(mutex_);
  detail::check_traceable(trace_ != nullptr, shutting_down_ || !broken_.empty());
}

/// From here on; what has been submitted before is not in it. Null comes back, or the sink where that came too late.
inline std::unique_ptr<TraceSink> ThreadPool::trace(std::unique_ptr<TraceSink> sink) {
  const std::lock_guard lock(mutex_);
  if (trace_ != nullptr || shutting_down_ || !broken_.empty()) return sink;
  trace_ = std::move(sink);
  return nullptr;
}

inline void ThreadPool::trace_submit(ThreadTask& task) noexcept {
  try {
    trace_->submitted(&task, task.name());
    task.traced = true;
  } catch (const std::bad_alloc&) {
  }
}

/// A thread is in the trace from its first task on.
inline void ThreadPool::trace_begin() noexcept {
  const bool first = task_started() == 0;
  task_started() = multiprocessing::detail::monotonic_nanoseconds();
  if (!first) return;
  char name[32] = "";
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  try {
    trace_->worker_started(this_thread(), name, task_started());
  } catch (const std::bad_alloc&) {
  }
}

// ---- threads

inline int ThreadPool::start_thread() noexcept {
  Start* const start = new (std::nothrow) Start{shared_from_this(), started_};
  if (start == nullptr) return ENOMEM;
  pthread_t thread{};
  running_.fetch_add(1);
  const int error = ::pthread_create(&thread, nullptr, &thread_main, start);
  if (error != 0) {
    running_.fetch_sub(1);
    delete start;
    return error;
  }
  threads_.push_back(thread);
  ++started_;
  ++idle_;
  ++counts_.workers_started;
  return 0;
}

inline void ThreadPool::warm_up(int workers) {
  const std::lock_guard lock(mutex_);
  check_open();
  while (started_ < workers && started_ < max_workers_ && start_thread() == 0) {
  }
}

inline void* ThreadPool::thread_main(void* argument) noexcept {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  ThreadPool& pool = *start->pool;
  pool.set_thread_name(start->index);
  current() = &pool;
  pool.work();
  current() = nullptr;
  if (task_started() != 0) {
    char name[32] = "";
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    pool.trace_->worker_ended(this_thread(), name, "left");
  }
  pool.running_.fetch_sub(1);
  multiprocessing::detail::futex_wake(pool.running_);
  return nullptr;
}

inline void ThreadPool::set_thread_name(int index) const noexcept {
  // Linux allows 15 characters; the number tells the threads apart, so it stays.
  char name[32];
  char number[16];
  const int digits = std::snprintf(number, sizeof number, "_%d", index);
  std::snprintf(name, sizeof name, "%.*s%s", 15 - digits, name_prefix_.c_str(), number);
  ::pthread_setname_np(::pthread_self(), name);
}

inline void ThreadPool::work() noexcept {
  const bool ready = initialize();
  std::unique_lock lock(mutex_);
  while (ready) {
    while (tasks_.empty() && !shutting_down_) {
      ++sleeping_;
      work_or_end_.wait(lock);
      --sleeping_;
    }
    ThreadTask* const task = tasks_.pop_front();
    if (task == nullptr) break;
    --idle_;
    if (!task->state().try_run()) {  // somebody else has set its outcome
      ++idle_;
      ++counts_.cancelled;
      if (task->traced) trace_->ended(task);
      lock.unlock();
      task->forget();
      task->state().release();
    } else {
      lock.unlock();
      if (task->traced) [[unlikely]]
        trace_begin();
      run(*task);
    }
    lock.lock();
  }
  --idle_;
}

inline bool ThreadPool::initialize() noexcept {
  std::string reason;
  try {
    initializer_();
    return true;
  } catch (const std::exception& error) {
    reason = error.what();
  } catch (...) {
    reason = "something that is no std::exception";
  }
  break_pool(reason);
  return false;
}

inline void ThreadPool::run(ThreadTask& task) noexcept {
  CallbackList callbacks = task.run(*this);
  if (!callbacks.empty()) {
    // Callbacks may take long, or submit and wait: others must not count on this thread meanwhile.
    {
      const std::lock_guard lock(mutex_);
      --idle_;
      if (tasks_.size() > idle_ && started_ < max_workers_) start_thread();
    }
    callbacks.run();
    const std::lock_guard lock(mutex_);
    ++idle_;
  }
  task.state().release();
}

inline void ThreadPool::before_publishing(ThreadTask& task, bool failed) noexcept {
  if (task.traced) [[unlikely]] {
    trace_->ran(&task, this_thread(), task_started(), multiprocessing::detail::monotonic_nanoseconds(),
                failed ? "exception" : "result", false);
  }
  const std::lock_guard lock(mutex_);
  ++idle_;
  ++(failed ? counts_.failed : counts_.completed);
}

inline void ThreadPool::break_pool(const std::string& reason) noexcept {
  const std::string text = "concurrent::futures: the initializer of a thread of this pool threw: " + reason +
                           ". The pool is broken and runs nothing more. Make another one.";
  log(LogLevel::error, text);
  std::vector<ThreadTask*> tasks;
  {
    const std::lock_guard lock(mutex_);
    if (broken_.empty()) broken_ = text;
    while (ThreadTask* const task = tasks_.pop_front()) {
      tasks.push_back(task);
      if (task->traced) trace_->ended(task);
    }
    counts_.failed += tasks.size();
  }
  for (ThreadTask* const task : tasks) {
    task->forget();
    task->state().finish_with_exception(std::make_exception_ptr(BrokenThreadPool(text))).run();
    task->state().release();
  }
}

// ---- the end

inline void ThreadPool::shutdown(bool cancel_futures) {
  std::vector<ThreadTask*> tasks;
  {
    const std::lock_guard lock(mutex_);
    shutting_down_ = true;
    while (cancel_futures && !tasks_.empty()) {
      tasks.push_back(tasks_.pop_front());
      if (tasks.back()->traced) trace_->ended(tasks.back());
    }
    counts_.cancelled += tasks.size();
    work_or_end_.notify_all();
  }
  for (ThreadTask* const task : tasks) {
    task->forget();
    task->state().finish_cancelled().run();
    task->state().release();
  }
}

inline bool ThreadPool::wait_until_ended(Deadline deadline) {
  if (is_own_thread()) return false;
  for (;;) {
    const std::uint32_t running = running_.load();
    if (running == 0) break;
    if (!multiprocessing::detail::futex_wait(running_, running, deadline) && running_.load() != 0) return false;
  }
  const std::lock_guard join_lock(join_mutex_);
  std::vector<pthread_t> threads;
  {
    const std::lock_guard lock(mutex_);
    threads.swap(threads_);
  }
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  if (trace_ != nullptr) {
    const std::string problem = trace_->close();
    if (!problem.empty()) log(LogLevel::error, problem);
  }
  return true;
}

inline void ThreadPool::detach_threads() {
  const std::lock_guard lock(mutex_);
  for (const pthread_t thread : threads_) ::pthread_detach(thread);
  threads_.clear();
}

inline void ThreadPool::end_at_exit() noexcept {
  shutdown(false);
  wait_until_ended(Deadline::max());
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
