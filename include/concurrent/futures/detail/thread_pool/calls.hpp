// SPDX-License-Identifier: BSL-1.0
// What is asked of a thread pool: from submit to shutdown.
#pragma once

#include <concurrent/futures/detail/pool/at_exit.hpp>
#include <concurrent/futures/detail/thread_pool/thread_pool.hpp>
#include <concurrent/futures/detail/thread_pool/threads.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>

namespace concurrent::futures::inline v0::detail {

inline int checked_max_workers(std::optional<int> max_workers) {
  if (!max_workers) {
    const int count = multiprocessing::usable_cpu_count() + 4;
    return count < 32 ? count : 32;
  }
  if (*max_workers <= 0) {
    throw std::invalid_argument("concurrent::futures: ThreadPoolExecutor: max_workers is " +
                                std::to_string(*max_workers) +
                                "; it must be greater than 0. Leave it out for min(32, usable processors + 4).");
  }
  return *max_workers;
}

inline std::string thread_name_prefix(std::string given) {
  if (!given.empty()) return given;
  static std::atomic<unsigned> count{0};
  // Linux cuts names: the word gives way, so that pools stay apart.
  const std::string number = "-" + std::to_string(count.fetch_add(1));
  constexpr std::size_t length = 12;  // leaves room for _99
  const std::string word = "ThreadPool";
  return (number.size() < length ? word.substr(0, length - number.size()) : std::string()) + number;
}

CONCURRENT_FUTURES_INLINE std::shared_ptr<ThreadPool> ThreadPool::make(std::optional<int> max_workers,
                                                                       std::string name_prefix, Initializer initializer,
                                                                       Initializer finalizer,
                                                                       std::optional<std::size_t> max_pending) {
  if (max_pending == std::size_t{0}) {
    throw std::invalid_argument(
        "concurrent::futures: ThreadPoolExecutor: max_pending is 0; it must be greater than 0. Leave it out for no "
        "limit.");
  }
  std::shared_ptr<ThreadPool> pool(
      new ThreadPool(checked_max_workers(max_workers), thread_name_prefix(std::move(name_prefix)),
                     std::move(initializer), std::move(finalizer), max_pending),
      [](ThreadPool* shared) noexcept { shared->release(); });
  ExitRegistry::instance().add(pool);
  return pool;
}

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

inline void ThreadPool::check_process() const {
  if (is_here()) return;
  throw RuntimeError(
      "concurrent::futures: submit: this executor belongs to the process from which this one was forked, and its "
      "threads are there. Make another executor here.");
}

CONCURRENT_FUTURES_INLINE bool ThreadPool::reserve(Admission admission) {
  check_process();
  multiprocessing::detail::MutexLock lock(mutex_);
  for (;;) {
    check_open();
    if (has_room()) {
      ++reserved_;
      return true;
    }
    if (admission == Admission::attempt) return false;
    if (is_own_thread()) throw_queue_full(*max_pending_, "others may wait for this thread of the executor's own");
    room_.wait(lock);
  }
}

CONCURRENT_FUTURES_INLINE void ThreadPool::give_back_place() noexcept {
  const multiprocessing::detail::MutexLock lock(mutex_);
  --reserved_;
  tell_of_room();
}

/// A task has gone from the list.
inline void ThreadPool::tell_of_room() noexcept {
  if (max_pending_ && has_room()) room_.notify_one();
}

CONCURRENT_FUTURES_INLINE void ThreadPool::submit(ThreadTask& task) {
  check_process();
  const multiprocessing::detail::MutexLock lock(mutex_);
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

CONCURRENT_FUTURES_INLINE void ThreadPool::count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept {
  const multiprocessing::detail::MutexLock lock(mutex_);
  ++counts_.submitted;
  ++(counts_.*outcome);
}

CONCURRENT_FUTURES_INLINE bool ThreadPool::withdraw(OwnedCall& call) noexcept {
  if (!is_here()) return false;  // in a forked child the lock may be held for ever
  auto& task = static_cast<ThreadTask&>(call);
  {
    const multiprocessing::detail::MutexLock lock(mutex_);
    // Off the list and still pending: shutdown is about to cancel it.
    if (!task.queued) return task.state().state() == State::pending;
    tasks_.remove(task);
    tell_of_room();
    ++counts_.cancelled;
    if (task.traced) trace_->ended(&task);
  }
  task.forget();
  task.state().release();
  return true;
}

CONCURRENT_FUTURES_INLINE bool ThreadPool::ask_to_stop(OwnedCall& call) noexcept {
  if (!is_here()) return false;
  auto& task = static_cast<ThreadTask&>(call);
  FutureStateBase& state = task.state();
  if (state.cancel()) return true;
  task.stop_requested.store(true, std::memory_order_release);
  task.tell_to_stop();
  return !state.done();
}

CONCURRENT_FUTURES_INLINE void ThreadPool::read_progress(OwnedCall& call, std::uint64_t& done,
                                                         std::uint64_t& total) noexcept {
  if (!is_here()) return;
  auto& task = static_cast<ThreadTask&>(call);
  if (!task.state().running()) return;
  const multiprocessing::detail::MutexLock lock(mutex_);
  const std::uint64_t number = ThreadProgress::number_of(task);
  const ThreadProgress* thread = progress_.front();
  while (thread != nullptr && !thread->words.read(number, done, total)) thread = thread->next;
}

CONCURRENT_FUTURES_INLINE void ThreadPool::set_max_workers(int workers) {
  const multiprocessing::detail::MutexLock lock(mutex_);
  max_workers_.store(checked_max_workers(workers), std::memory_order_relaxed);
  while (tasks_.size() > idle_ && started_ < workers && !shutting_down_ && broken_.empty() && start_thread() == 0) {
  }
  if (started_ > workers) work_or_end_.notify_all();  // those that sleep leave now
}

CONCURRENT_FUTURES_INLINE std::size_t ThreadPool::pending_work_items() {
  const multiprocessing::detail::MutexLock lock(mutex_);
  return counts_.submitted - counts_.completed - counts_.failed - counts_.cancelled;
}

CONCURRENT_FUTURES_INLINE PoolStatistics ThreadPool::statistics() {
  const multiprocessing::detail::MutexLock lock(mutex_);
  return counts_;
}

CONCURRENT_FUTURES_INLINE PoolSnapshot ThreadPool::snapshot() {
  PoolSnapshot snapshot(fork_guard_.pid(), is_here());
  if (!is_here()) return snapshot;
  const multiprocessing::detail::MutexLock lock(mutex_);
  snapshot.workers = static_cast<std::uint64_t>(started_);
  snapshot.queued = tasks_.size();
  snapshot.done = counts_.completed + counts_.failed + counts_.cancelled;
  snapshot.busy = counts_.submitted - snapshot.done - snapshot.queued;
  snapshot.set_phase(!broken_.empty(), shutting_down_, running_.load() == 0);
  return snapshot;
}

CONCURRENT_FUTURES_INLINE void ThreadPool::shutdown(bool cancel_futures) {
  ThreadTaskList tasks;
  {
    const multiprocessing::detail::MutexLock lock(mutex_);
    shutting_down_ = true;
    while (cancel_futures && !tasks_.empty()) {
      ThreadTask* const task = tasks_.pop_front();
      if (task->traced) trace_->ended(task);
      tasks.push_back(*task);
    }
    counts_.cancelled += tasks.size();
    work_or_end_.notify_all();
    room_.notify_all();
  }
  end_all(tasks, [](FutureStateBase& state) { return state.finish_cancelled(); });
}

CONCURRENT_FUTURES_INLINE bool ThreadPool::wait_until_ended(Deadline deadline) {
  if (is_own_thread()) return false;
  for (;;) {
    const std::uint32_t running = running_.load();
    if (running == 0) break;
    if (!multiprocessing::detail::futex_wait(running_, running, deadline) && running_.load() != 0) return false;
  }
  const multiprocessing::detail::MutexLock join_lock(join_mutex_);
  std::vector<pthread_t> threads;
  {
    const multiprocessing::detail::MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  if (trace_ != nullptr) {
    const std::string problem = trace_->close();
    if (!problem.empty()) log_message(LogLevel::error, problem);
  }
  return true;
}

CONCURRENT_FUTURES_INLINE void ThreadPool::detach_threads() {
  const multiprocessing::detail::MutexLock lock(mutex_);
  for (const pthread_t thread : threads_) ::pthread_detach(thread);
  threads_.clear();
}

CONCURRENT_FUTURES_INLINE void ThreadPool::finish() noexcept {
  shutdown(false);
  wait_until_ended((Deadline::max)());
}

}  // namespace concurrent::futures::inline v0::detail
