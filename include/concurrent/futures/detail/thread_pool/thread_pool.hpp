// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/pool/admission.hpp>
#include <concurrent/futures/detail/pool/condition.hpp>
#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/futures/detail/pool/pool_text.hpp>
#include <concurrent/futures/detail/thread_pool/thread_task.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/futures/initializer.hpp>
#include <concurrent/futures/statistics.hpp>
#include <concurrent/multiprocessing/detail/fork_guard.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/worker_locals.hpp>
#include <concurrent/os/thread.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>
#include <unistd.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What is behind a ThreadPoolExecutor. It lives as long as the executor, a thread of its own or one of its pending
/// futures does, so that any of them may be the last.
///
/// A thread counts as idle from just before it publishes a result: who sees the result finds the thread free. While it
/// runs callbacks, which may take long, it does not.
class ThreadPool final : public FutureOwner, public Drainable, public std::enable_shared_from_this<ThreadPool> {
 public:
  /// A pool that the end of the program waits for. The executor and the threads share one reference to it, its futures
  /// have theirs.
  static std::shared_ptr<ThreadPool> make(std::optional<int> max_workers, std::string name_prefix,
                                          Initializer initializer, Initializer finalizer,
                                          std::optional<std::size_t> max_pending);

  // For the executor.
  bool is_here() const noexcept { return fork_guard_.is_owner(); }
  bool is_own_thread() const noexcept { return current() == this; }
  bool is_limited() const noexcept { return max_pending_.has_value(); }
  bool reserve(Admission admission);
  void give_back_place() noexcept;
  void submit(ThreadTask& task);  // takes over a reference of the task's
  void count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept;
  void shutdown(bool cancel_futures);
  bool wait_until_ended(Deadline deadline);
  void detach_threads();
  void warm_up(int workers);
  void set_max_workers(int workers);
  int max_workers() const noexcept { return max_workers_.load(std::memory_order_relaxed); }
  std::size_t pending_work_items();
  PoolStatistics statistics();
  PoolSnapshot snapshot();
  void check_traceable();
  pickle::detail::UniquePointer<TraceSink> trace(pickle::detail::UniquePointer<TraceSink> sink);

  // For tasks.
  CONCURRENT_FUTURES_INLINE bool withdraw(OwnedCall& call) noexcept override;
  bool taken(const OwnedCall& /*call*/) noexcept override { return false; }  // who takes it tells its state
  bool stop(OwnedCall& /*call*/) noexcept override { return false; }         // nobody can end a thread
  CONCURRENT_FUTURES_INLINE bool ask_to_stop(OwnedCall& call) noexcept override;
  CONCURRENT_FUTURES_INLINE void read_progress(OwnedCall& call, std::uint64_t& done,
                                               std::uint64_t& total) noexcept override;
  bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline /*deadline*/) override {
    return word.load(std::memory_order_acquire) != old;
  }
  bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) override {
    return multiprocessing::detail::futex_wait(word, value, deadline);
  }
  bool before_publishing(ThreadTask& task, const std::exception_ptr& error) noexcept;

  // At the end of the program.
  CONCURRENT_FUTURES_INLINE void finish() noexcept override;

 private:
  ThreadPool(int max_workers, std::string name_prefix, Initializer initializer, Initializer finalizer,
             std::optional<std::size_t> max_pending)
      : max_workers_(max_workers),
        name_prefix_(std::move(name_prefix)),
        initializer_(std::move(initializer)),
        finalizer_(std::move(finalizer)),
        max_pending_(max_pending) {}
  ~ThreadPool() override = default;
  void destroy() noexcept override { delete this; }

  struct Start {  // what a new thread is given
    std::shared_ptr<ThreadPool> pool;
    int index;
  };

  void check_open() const CONCURRENT_FUTURES_REQUIRES(mutex_);
  void check_process() const;
  int start_thread() noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  static void* thread_main(void* argument) noexcept;
  void set_thread_name(int index) const noexcept;
  bool has_room() const noexcept CONCURRENT_FUTURES_REQUIRES(mutex_) {
    return tasks_.size() + reserved_ < *max_pending_;
  }
  void tell_of_room() noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  bool work(ThreadProgress& progress) noexcept;
  void finalize(multiprocessing::detail::WorkerLocals& locals) noexcept;
  bool initialize() noexcept;
  void run(ThreadTask& task, ThreadProgress& progress) noexcept;
  void break_pool(const std::string& reason) noexcept;
  template <class End>
  static void end_all(ThreadTaskList& tasks, const End& end) noexcept;
  // With a trace: when this thread began its task; 0: it has not had one that is traced.
  static std::int64_t& task_started() noexcept {
    thread_local std::int64_t time = 0;
    return time;
  }
  static TraceThread this_thread() noexcept { return {::getpid(), os::thread_id()}; }
  void trace_submit(ThreadTask& task) noexcept CONCURRENT_FUTURES_REQUIRES(mutex_);
  void trace_begin() noexcept;
  static ThreadPool*& current() noexcept {
    thread_local ThreadPool* pool = nullptr;
    return pool;
  }

  std::atomic<int> max_workers_;  // changed under the lock
  const std::string name_prefix_;
  const Initializer initializer_;
  const Initializer finalizer_;
  const std::optional<std::size_t> max_pending_;
  const multiprocessing::detail::ForkGuard fork_guard_;

  multiprocessing::detail::Mutex mutex_;  // not held while anything of the user's runs
  Condition work_or_end_;
  TaskList tasks_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::vector<pthread_t> threads_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);  // to be joined
  IntrusiveList<ThreadProgress> progress_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  Condition room_;                                                  // for a task, or none will ever be taken any more
  std::size_t reserved_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // places for tasks that are being made
  int started_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;           // threads that are there, and do not leave
  int last_index_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;        // of the next one's name
  std::size_t idle_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // threads that look for a task, or will without delay
  std::size_t sleeping_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // of those, the ones that sleep
  bool shutting_down_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;
  std::string broken_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);  // why; empty: it is not
  PoolStatistics counts_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  pickle::detail::UniquePointer<TraceSink>
      trace_;  // set under the lock, constant once it is there; has a lock of its own

  multiprocessing::detail::Mutex join_mutex_;
  std::atomic<std::uint32_t> running_{0};  // threads; a futex
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/thread_pool/calls.hpp>
#include <concurrent/futures/detail/thread_pool/threads.hpp>
#include <concurrent/futures/detail/thread_pool/trace.hpp>
#endif
