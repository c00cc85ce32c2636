// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/future_status.hpp>
#include <concurrent/futures/task_progress.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0::detail {

struct HandleAccess;

/// Of a wait without a limit for a future that nobody can finish any more.
[[noreturn]] void throw_orphaned(const char* operation);

/// Of result_into, in numbers of elements.
[[noreturn]] void throw_no_room(std::size_t needed, std::size_t room);

/// What Future<T> and AnyFuture have in common: everything that needs no T. A handle is like a pointer: copying it
/// copies no state, and a const handle can do all that another can.
///
/// Every member function but assignment, comparison and `valid` throws InvalidStateError on a handle that was moved
/// from.
class FutureHandle {
 public:
  /// Cancels the call if no worker has taken it yet. Returns whether the future is cancelled now. The callbacks have
  /// run when it returns true for the first time.
  bool cancel() const { return checked().cancel(); }

  bool cancelled() const { return checked().cancelled(); }
  /// A worker has taken the call and has not finished it.
  bool running() const { return checked().running(); }
  /// Finished or cancelled.
  bool done() const { return checked().done(); }

  /// The exception that the call threw; null when it succeeded.
  ///
  /// Throws: CancelledError; InvalidStateError as `wait`; with a timeout, TimeoutError when it passes first.
  /// Blocks: until the future is done.
  std::exception_ptr exception() const {
    wait_for_outcome("exception");
    return outcome_exception();
  }
  template <class Rep, class Period>
  std::exception_ptr exception(const std::chrono::duration<Rep, Period>& timeout) const {
    wait_for_outcome("exception", timeout);
    return outcome_exception();
  }

  /// Waits, and says nothing about the outcome: std::shared_future's.
  ///
  /// Throws: InvalidStateError when nobody could ever finish this future: it is not done, no executor has it, and this
  /// is the only handle. Who finishes it in another thread gives that thread a copy.
  /// Blocks: until the future is done.
  void wait() const { wait_for_outcome("wait"); }
  /// The same with a limit. `timeout` when it passes first; never `deferred`.
  template <class Rep, class Period>
  FutureStatus wait_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return checked().wait_until_done(deadline_after(timeout)) ? FutureStatus::ready : FutureStatus::timeout;
  }
  /// The same up to an instant, which may be one of any clock; where that is set anew meanwhile, by what it says then.
  template <class Clock, class Duration>
  FutureStatus wait_until(const std::chrono::time_point<Clock, Duration>& time) const {
    FutureStateBase& state = checked();
    for (;;) {
      const auto now = Clock::now();
      if (time <= now) return state.wait_until_done((Deadline::min)()) ? FutureStatus::ready : FutureStatus::timeout;
      if (state.wait_until_done(deadline_after(time - now))) return FutureStatus::ready;
    }
  }
  /// Whether there is something to wait for, or to read. False on a handle that was moved from, on which only this and
  /// assignment make sense, and, as a std::shared_future's, of one that was made by default and given to nobody: where
  /// `wait` throws InvalidStateError.
  bool valid() const noexcept { return state_ != nullptr && !state_->is_orphaned(); }

  /// Stops a task that is running by ending its worker, if its executor can do that; the future becomes cancelled, and
  /// a new worker takes the place of the old one. A call that is not running yet is cancelled. Returns false if it was
  /// already done, or its executor (threads) cannot stop what runs. True: it is cancelled, or will be in a moment,
  /// whatever the task does meanwhile; no other call is touched.
  ///
  /// Python: there is no counterpart.
  bool terminate() const { return !checked().done() && (state_->terminate() || state_->cancel()); }

  /// Asks a task that is running to stop: its StopToken says so from now on, at once. With OnStop::terminate in the
  /// call's TaskOptions it is `terminate` instead. A call that is not running yet is cancelled. Returns false if it was
  /// already done, or nobody can tell who runs it.
  ///
  /// The future becomes cancelled when the task throws CancelledError after that. One that returns a value all the same
  /// delivers it. What would have been tried again is not. Python: there is no counterpart.
  bool request_stop() const { return checked().request_stop(); }

  /// How far the task that is running has said that it is, see `report_progress`; zeros before it has, and once it is
  /// done. The figures are the task's own. Python: there is no counterpart.
  Progress progress() const {
    Progress progress;
    checked().read_progress(progress.done, progress.total);
    return progress;
  }

  /// For writers of executors: call it before running the call. True: go on; false: it was cancelled, leave it.
  ///
  /// Throws: InvalidStateError unless the future is pending or cancelled.
  bool set_running_or_notify_cancel() const { return checked().set_running_or_notify_cancel(); }

  /// For writers of executors, and for tests: makes the future fail.
  ///
  /// Throws: InvalidStateError on a future that is done; std::invalid_argument when `exception` is null.
  void set_exception(std::exception_ptr exception) const {
    if (exception == nullptr) {
      throw std::invalid_argument(
          "concurrent::futures: set_exception: exception is null. Give it std::make_exception_ptr(...), or call "
          "set_result.");
    }
    checked();
    const FutureHandle kept = *this;  // whoever waits may drop its handles, this one too, before this returns
    if (!kept.state_->try_finish_with_exception(std::move(exception)))
      kept.state_->throw_invalid_state("set_exception");
  }

  /// Handles to the same future are equal, whatever their types.
  friend bool operator==(const FutureHandle& one, const FutureHandle& other) noexcept {
    return one.state_ == other.state_;
  }
  /// An order by identity, the same as long as the handles live, so that a future can be the key of a map.
  friend std::strong_ordering operator<=>(const FutureHandle& one, const FutureHandle& other) noexcept {
    return std::compare_three_way()(one.state_, other.state_);
  }

 protected:
  explicit FutureHandle(FutureStateBase* adopted) noexcept : state_(adopted) {
    if (state_ != nullptr) state_->adopt_handle();
  }
  FutureHandle(const FutureHandle& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->add_handle();
  }
  FutureHandle(FutureHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  FutureHandle& operator=(const FutureHandle& other) noexcept {  // NOLINT(bugprone-unhandled-self-assignment): counted
    if (other.state_ != nullptr) other.state_->add_handle();
    reset(other.state_);
    return *this;
  }
  FutureHandle& operator=(FutureHandle&& other) noexcept {
    reset(std::exchange(other.state_, nullptr));
    return *this;
  }
  ~FutureHandle() {
    if (state_ != nullptr) state_->drop_handle();
  }

  void reset(FutureStateBase* state) noexcept {
    FutureStateBase* const old = std::exchange(state_, state);
    if (old != nullptr) old->drop_handle();
  }

  FutureStateBase& checked() const {
    if (state_ == nullptr) {
      throw InvalidStateError(
          "concurrent::futures: this future was moved from. Use the handle that it was moved to, or copy instead.");
    }
    return *state_;
  }

  void wait_for_outcome(const char* operation) const {
    if (!checked().wait_unless_orphaned()) throw_orphaned(operation);
  }

  template <class Rep, class Period>
  void wait_for_outcome(const char* operation, const std::chrono::duration<Rep, Period>& timeout) const {
    if (!checked().wait_until_done(deadline_after(timeout))) {
      throw TimeoutError("concurrent::futures: " + std::string(operation) + ": the future is not done after " +
                         in_seconds(timeout) + ". Wait longer, or cancel it.");
    }
  }

  void throw_if_cancelled() const {
    if (state_->cancelled()) {
      throw CancelledError(
          "concurrent::futures: the call was cancelled and has no result. Ask cancelled() first, or catch "
          "CancelledError.");
    }
  }

  std::exception_ptr outcome_exception() const {
    throw_if_cancelled();
    return state_->stored_exception();
  }

  friend struct HandleAccess;
  FutureStateBase* state_;
};

/// How the rest of the library gets at the state behind a handle.
struct HandleAccess {
  static FutureStateBase* state(const FutureHandle& handle) noexcept { return handle.state_; }
  static bool is_empty(const FutureHandle& handle) noexcept { return handle.state_ == nullptr; }
  static FutureStateBase& checked_state(const FutureHandle& handle) { return handle.checked(); }
};

struct HashHandle {
  std::size_t operator()(const FutureHandle& handle) const noexcept {
    return std::hash<FutureStateBase*>()(HandleAccess::state(handle));
  }
};

}  // namespace concurrent::futures::inline v0::detail
