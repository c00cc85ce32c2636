// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future_state.hpp>
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

/// The tasks that no thread has taken, oldest first.
class TaskList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  void push_back(ThreadTask& task) noexcept {
    task.previous = last_;
    task.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &task;
    last_ = &task;
    task.queued = true;
    ++size_;
  }
  void remove(ThreadTask& task) noexcept {
    (task.previous != nullptr ? task.previous->next : first_) = task.next;
    (task.next != nullptr ? task.next->previous : last_) = task.previous;
    task.queued = false;
    --size_;
  }
  ThreadTask* pop_front() noexcept {
    ThreadTask* const task = first_;
    if (task != nullptr) remove(*task);
    return task;
  }

 private:
  ThreadTask* first_ = nullptr;
  ThreadTask* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
