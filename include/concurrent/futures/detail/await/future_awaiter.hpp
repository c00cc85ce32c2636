// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/thread.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// How a coroutine gets at the pool behind an executor.
struct ThreadPoolAccess {
  static const std::shared_ptr<ThreadPool>& pool(const ThreadPoolExecutor& executor) noexcept { return executor.pool_; }
};

/// A coroutine in a future's list of callbacks. It lies in the frame of the coroutine.
///
/// Whoever takes the link off the list has the coroutine: the thread that runs the callbacks, which resumes it and
/// touches nothing of it after that, or the destructor, after which nobody does. One bit of the future's list, its
/// lock, decides; `hangs_` is only a note that spares the destructor of one that has been resumed the look.
class CoroutineCallback : public Callback {
 public:
  CoroutineCallback() noexcept = default;
  CoroutineCallback(const CoroutineCallback&) = delete;
  CoroutineCallback& operator=(const CoroutineCallback&) = delete;

 protected:
  ~CoroutineCallback() override = default;

  /// False: the future is done, and the coroutine goes on at once. After true it may be anywhere.
  bool hang(FutureStateBase& state, std::coroutine_handle<> coroutine) noexcept {
    coroutine_ = coroutine;
    hangs_ = true;
    if (state.add_own_callback(*this)) return true;
    hangs_ = false;
    return false;
  }
  void take_off(FutureStateBase& state) noexcept {
    if (std::exchange(hangs_, false)) state.remove_own_callback(*this);
  }

 private:
  void run(FutureStateBase& /*state*/) override {
    hangs_ = false;
    coroutine_.resume();
  }
  void drop() noexcept override {}

  std::coroutine_handle<> coroutine_;
  bool hangs_ = false;
};

/// Waits for a Future<T> or AnyFuture. `gives_away`: its handle is what the coroutine had, and the result may be moved.
template <class Handle, bool gives_away>
class FutureAwaiter final : public CoroutineCallback {
 public:
  template <class Given>
  explicit FutureAwaiter(Given&& given) : future_(std::forward<Given>(given)) {
    HandleAccess::checked_state(future_);
  }
  ~FutureAwaiter() override { take_off(state()); }

  bool await_ready() const {
    if (state().done()) return true;
    if (gives_away && state().is_orphaned()) throw_orphaned("co_await");
    return false;
  }
  bool await_suspend(std::coroutine_handle<> coroutine) noexcept { return hang(state(), coroutine); }
  decltype(auto) await_resume() {
    if constexpr (std::is_same_v<Handle, AnyFuture>) {
      if (const std::exception_ptr error = future_.exception()) std::rethrow_exception(error);
    } else if constexpr (gives_away) {
      return std::move(future_).result();
    } else {
      return future_.result();
    }
  }

 private:
  FutureStateBase& state() const noexcept { return *HandleAccess::state(future_); }

  Handle future_;
};

/// Waits for a thread of a pool: for a call that does nothing, on whose future the coroutine hangs before it is
/// submitted, so that it goes on in the thread that has made the call.
class ResumeOn final : public CoroutineCallback {
 public:
  explicit ResumeOn(ThreadPoolExecutor& threads) noexcept : threads_(threads) {}
  ~ResumeOn() override {
    if (future_) take_off(*HandleAccess::state(*future_));
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    const std::shared_ptr<ThreadPool> pool =
        ThreadPoolAccess::pool(threads_);  // `this` may be gone once it is submitted
    auto* const task = new ThreadFutureState<void, ResumeCoroutine>(*pool, ResumeCoroutine{});
    future_.emplace(task);
    hang(*task, coroutine);
    task->add_reference();  // for the queue
    try {
      pool->submit(*task);
    } catch (...) {
      take_off(*task);
      task->release();
      throw;
    }
  }
  void await_resume() const { future_->result(); }

 private:
  struct ResumeCoroutine {
    void operator()() const noexcept {}
  };

  ThreadPoolExecutor& threads_;
  std::optional<Future<void>> future_;
};

}  // namespace concurrent::futures::inline v0::detail
