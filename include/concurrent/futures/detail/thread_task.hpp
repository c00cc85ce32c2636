// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future_state.hpp>
#include <concurrent/futures/detail/intrusive_list.hpp>
#include <concurrent/pickle/detail/invoke.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

class ThreadPool;

/// A call on its way through a thread pool: Python's _WorkItem. The members belong to the pool's lock.
class ThreadTask {
 public:
  virtual FutureStateBase& state() noexcept = 0;
  /// Makes the call and publishes the outcome; `before_publishing` comes right before that.
  virtual CallbackList run(ThreadPool& pool) noexcept = 0;
  /// Destroys function and arguments of a call that will not be made.
  virtual void forget() noexcept = 0;
  /// What a trace calls it.
  virtual std::string name() const = 0;

  ThreadTask* next = nullptr;
  ThreadTask* previous = nullptr;
  bool queued = false;
  bool traced = false;

 protected:
  ThreadTask() = default;
  ~ThreadTask() = default;
};

using ThreadTaskList = IntrusiveList<ThreadTask>;

/// The tasks that no thread has taken, oldest first.
class TaskList {
 public:
  bool empty() const noexcept { return tasks_.empty(); }
  std::size_t size() const noexcept { return tasks_.size(); }

  void push_back(ThreadTask& task) noexcept {
    tasks_.push_back(task);
    task.queued = true;
  }
  void remove(ThreadTask& task) noexcept {
    tasks_.remove(task);
    task.queued = false;
  }
  ThreadTask* pop_front() noexcept {
    ThreadTask* const task = tasks_.pop_front();
    if (task != nullptr) task->queued = false;
    return task;
  }

 private:
  ThreadTaskList tasks_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
