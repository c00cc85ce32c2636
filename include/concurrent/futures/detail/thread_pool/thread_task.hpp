// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/pool/intrusive_list.hpp>
#include <concurrent/futures/detail/pool/priority_list.hpp>
#include <concurrent/multiprocessing/detail/progress_words.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/stop_token.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0::detail {

class ThreadPool;

/// A call on its way through a thread pool: Python's _WorkItem. The members belong to the pool's lock.
class ThreadTask : public OwnedCall {
 public:
  /// Makes the call and publishes the outcome; `before_publishing` comes right before that, and says whether it is
  /// cancelled.
  virtual CallbackList run(ThreadPool& pool) noexcept = 0;
  /// Destroys function and arguments of a call that will not be made.
  virtual void forget() noexcept = 0;
  /// Tells its StopToken, if it has one.
  virtual void tell_to_stop() noexcept = 0;
  /// What a trace calls it.
  virtual std::string name() const = 0;

  int priority() const noexcept { return given_priority; }

  ThreadTask* next = nullptr;
  ThreadTask* previous = nullptr;
  bool queued = false;
  bool traced = false;
  std::atomic<bool> stop_requested{false};  // while it ran: if it throws CancelledError it is cancelled; no lock needed
  int given_priority = 0;                   // set before it is submitted

 protected:
  ThreadTask() = default;
  ~ThreadTask() = default;
};

/// What a task with a StopToken looks at. Apart from the task, which the token may outlive.
class StopWord {
 public:
  void request() noexcept { word_->store(requested, std::memory_order_release); }
  pickle::StopToken token() const noexcept { return pickle::detail::StopTokens::make(*word_, requested, word_); }

 private:
  static constexpr std::uint32_t requested = 1;
  std::shared_ptr<std::atomic<std::uint32_t>> word_ = std::make_shared<std::atomic<std::uint32_t>>(0);
};
/// Of a task without one.
struct NoStopWord {
  void request() const noexcept {}
  pickle::StopToken token() const noexcept { return {}; }
};

/// What a thread's task says of how far it is. With the thread, not with the task: a task's memory stays within what
/// malloc gives and takes back fast.
struct ThreadProgress {
  ThreadProgress* next = nullptr;
  ThreadProgress* previous = nullptr;
  multiprocessing::detail::ProgressWords words;
  std::atomic<std::uint64_t> task{0};  // the address of the one that runs

  static std::uint64_t number_of(const ThreadTask& task) noexcept { return reinterpret_cast<std::uintptr_t>(&task); }
};

using ThreadTaskList = IntrusiveList<ThreadTask>;

/// The tasks that no thread has taken, in the order in which they are to be.
class TaskList {
 public:
  bool empty() const noexcept { return tasks_.empty(); }
  std::size_t size() const noexcept { return tasks_.size(); }

  /// Throws std::bad_alloc; it is not in the list then.
  void push_back(ThreadTask& task) {
    tasks_.enter(task);
    tasks_.push_back(task);
    task.queued = true;
  }
  void remove(ThreadTask& task) noexcept {
    tasks_.remove(task);
    tasks_.leave(task);
    task.queued = false;
  }
  ThreadTask* pop_front() noexcept {
    ThreadTask* const task = tasks_.front();
    if (task != nullptr) remove(*task);
    return task;
  }

 private:
  PriorityList<ThreadTask> tasks_;
};

}  // namespace concurrent::futures::inline v0::detail
