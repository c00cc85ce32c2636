// SPDX-License-Identifier: BSL-1.0
// The threads of a thread pool.
#pragma once

#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/detail/thread_pool/thread_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/os/thread.hpp>
#include <concurrent/pickle/detail/exception_text.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <pthread.h>

namespace concurrent::futures::inline v0::detail {

inline int ThreadPool::start_thread() noexcept {
  try {  // what may fail comes before there is a thread
    if (threads_.size() == threads_.capacity()) threads_.reserve(2 * threads_.size() + 4);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  Start* const start = new (std::nothrow) Start{shared_from_this(), last_index_};
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
  ++last_index_;
  ++idle_;
  ++counts_.workers_started;
  return 0;
}

CONCURRENT_FUTURES_INLINE void ThreadPool::warm_up(int workers) {
  const multiprocessing::detail::MutexLock lock(mutex_);
  check_open();
  while (started_ < workers && started_ < max_workers_ && start_thread() == 0) {
  }
}

inline void* ThreadPool::thread_main(void* argument) noexcept {
  const pickle::detail::UniquePointer<Start> start(static_cast<Start*>(argument));
  ThreadPool& pool = *start->pool;
  pool.set_thread_name(start->index);
  current() = &pool;
  multiprocessing::detail::WorkerLocals locals;
  multiprocessing::detail::WorkerLocals::of_thread() = &locals;
  ThreadProgress progress;
  multiprocessing::detail::ProgressPlace::of_thread() = {&progress.words, &progress.task};
  const bool ready = pool.work(progress);
  multiprocessing::detail::ProgressPlace::of_thread() = {};
  if (ready) pool.finalize(locals);
  multiprocessing::detail::WorkerLocals::of_thread() = nullptr;
  current() = nullptr;
  if (task_started() != 0) {
    char name[32] = "";
    os::get_thread_name(name);
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
  os::set_thread_name(name);
}

/// False: the initializer threw.
inline bool ThreadPool::work(ThreadProgress& progress) noexcept {
  const bool ready = initialize();
  multiprocessing::detail::MutexLock lock(mutex_);
  progress_.push_back(progress);
  while (ready) {
    while (tasks_.empty() && !shutting_down_ && started_ <= max_workers_) {
      ++sleeping_;
      work_or_end_.wait(lock);
      --sleeping_;
    }
    if (started_ > max_workers_) {  // set_max_workers has made this thread one too many: nobody joins it
      --started_;
      if (std::erase(threads_, ::pthread_self()) != 0) ::pthread_detach(::pthread_self());
      break;
    }
    ThreadTask* const task = tasks_.pop_front();
    if (task == nullptr) break;
    tell_of_room();
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
      run(*task, progress);
    }
    lock.lock();
  }
  --idle_;
  progress_.remove(progress);
  return ready;
}

inline void ThreadPool::finalize(multiprocessing::detail::WorkerLocals& locals) noexcept {
  const auto attempt = [](auto function) noexcept {
    const auto report_error = [](const std::string& text) {
      log_message(
          LogLevel::warning,
          "concurrent::futures: the finalizer, or the destructor of a worker_local, threw in a thread: " + text);
    };
    try {
      function();
    } catch (const std::exception& error) {
      report_error(pickle::detail::text_of(error));
    } catch (...) {
      report_error("something that is no std::exception");
    }
  };
  attempt([this] { finalizer_(); });
  locals.destroy(attempt);
}

inline bool ThreadPool::initialize() noexcept {
  std::string reason;
  try {
    initializer_();
    return true;
  } catch (const std::exception& error) {
    reason = pickle::detail::text_of(error);
  } catch (...) {
    reason = "something that is no std::exception";
  }
  break_pool(reason);
  return false;
}

inline void ThreadPool::run(ThreadTask& task, ThreadProgress& progress) noexcept {
  progress.task.store(ThreadProgress::number_of(task), std::memory_order_relaxed);
  CallbackList callbacks = task.run(*this);
  // While the task is still there: the next one may have its address.
  progress.words.call.store(0, std::memory_order_relaxed);
  progress.task.store(0, std::memory_order_relaxed);
  if (!callbacks.empty()) {
    // Callbacks may take long, or submit and wait: others must not count on this thread meanwhile.
    {
      const multiprocessing::detail::MutexLock lock(mutex_);
      --idle_;
      if (tasks_.size() > idle_ && started_ < max_workers_) start_thread();
    }
    callbacks.run();
    const multiprocessing::detail::MutexLock lock(mutex_);
    ++idle_;
  }
  task.state().release();
}

/// True: it is cancelled.
CONCURRENT_FUTURES_INLINE bool ThreadPool::before_publishing(ThreadTask& task,
                                                             const std::exception_ptr& error) noexcept {
  const bool failed = error != nullptr;
  const bool cancelled =
      failed && task.stop_requested.load(std::memory_order_acquire) && is_cancellation([&error] { return error; });
  if (task.traced) [[unlikely]] {
    trace_->ran(&task, this_thread(), task_started(), multiprocessing::detail::monotonic_nanoseconds(),
                failed ? "exception" : "result", false);
  }
  const multiprocessing::detail::MutexLock lock(mutex_);
  ++idle_;
  ++(cancelled ? counts_.cancelled : failed ? counts_.failed : counts_.completed);
  return cancelled;
}

inline void ThreadPool::break_pool(const std::string& reason) noexcept {
  const std::string text = "concurrent::futures: the initializer of a thread of this pool threw: " + reason +
                           ". The pool is broken and runs nothing more. Make another one.";
  log_message(LogLevel::error, text);
  ThreadTaskList tasks;
  {
    const multiprocessing::detail::MutexLock lock(mutex_);
    if (broken_.empty()) broken_ = text;
    room_.notify_all();
    while (ThreadTask* const task = tasks_.pop_front()) {
      tasks.push_back(*task);
      if (task->traced) trace_->ended(task);
    }
    counts_.failed += tasks.size();
  }
  end_all(tasks, [&](FutureStateBase& state) { return state.finish_with_exception(failure<BrokenThreadPool>(text)); });
}

/// Ends the futures of calls that no thread will run, and then runs what they call back: a callback that waits for
/// another of these calls must find it ended. Without the memory to keep them, each is called back at once; without
/// callbacks no memory is needed.
template <class End>
void ThreadPool::end_all(ThreadTaskList& tasks, const End& end) noexcept {
  std::vector<CallbackList> callbacks;
  while (ThreadTask* const task = tasks.pop_front()) {
    task->forget();
    CallbackList list = end(task->state());
    try {
      if (!list.empty()) callbacks.push_back(std::move(list));
    } catch (const std::bad_alloc&) {
    }
    task->state().release();
  }
  for (CallbackList& list : callbacks) list.run();
}

}  // namespace concurrent::futures::inline v0::detail
