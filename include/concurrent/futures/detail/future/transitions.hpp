// SPDX-License-Identifier: BSL-1.0
// How a future goes from one state to the next.
#pragma once

#include <concurrent/futures/detail/future/future_state_base.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include <sched.h>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE bool FutureStateBase::cancel() {
  std::uint32_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    if (state_of(word) != State::pending) return is_done(state_of(word)) && state_of(word) != State::finished;
    if ((word & storing_bit) != 0) return false;
    if ((word & cancelling_bit) != 0) {  // another thread is asking; its answer is ours
      ::sched_yield();
      word = word_.load(std::memory_order_acquire);
    } else if (word_.compare_exchange_weak(word, word | cancelling_bit, std::memory_order_acquire)) {
      break;
    }
  }
  if (owner_ != nullptr && !owner_->withdraw(owned())) {
    word_.fetch_and(~cancelling_bit, std::memory_order_relaxed);
    return cancelled();  // by terminate() in another thread
  }
  // A worker may have begun meanwhile, if the executor leaves that to us.
  word = word_.load(std::memory_order_relaxed);
  do {
    if (state_of(word) != State::pending || (word & storing_bit) != 0) {
      word_.fetch_and(~cancelling_bit, std::memory_order_relaxed);
      // Somebody stores an outcome. It is no worker's, since the call has been taken back: terminate() is about to say
      // that it is cancelled.
      while ((word_.load(std::memory_order_relaxed) & storing_bit) != 0) ::sched_yield();
      return cancelled();
    }
  } while (!word_.compare_exchange_weak(word, with_state(word, State::cancelled), std::memory_order_seq_cst));
  run(announce(word, false));
  return true;
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::try_run() noexcept {
  std::uint32_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    State next = State::running;
    if (state_of(word) == State::cancelled) {
      next = State::cancelled_and_notified;
    } else if (state_of(word) != State::pending || (word & storing_bit) != 0) {
      return false;
    }
    if (word_.compare_exchange_weak(word, with_state(word, next), std::memory_order_acq_rel)) {
      return next == State::running;
    }
  }
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::set_running_or_notify_cancel() {
  std::uint32_t word = word_.load(std::memory_order_relaxed);
  for (;;) {
    const State now = state_of(word);
    if ((now != State::pending && now != State::cancelled) || (word & storing_bit) != 0 ||
        (now == State::pending && is_taken())) {
      throw_invalid_state("set_running_or_notify_cancel");
    }
    const State next = now == State::pending ? State::running : State::cancelled_and_notified;
    if (word_.compare_exchange_weak(word, with_state(word, next), std::memory_order_acq_rel)) {
      return next == State::running;
    }
  }
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::claim() noexcept {
  std::uint32_t word = word_.load(std::memory_order_relaxed);
  do {
    if (is_done(state_of(word)) || (word & storing_bit) != 0) return false;
  } while (!word_.compare_exchange_weak(word, word | storing_bit, std::memory_order_acquire));
  return true;
}

CONCURRENT_FUTURES_INLINE CallbackList FutureStateBase::publish(std::uint32_t outcome) noexcept {
  return announce(word_.exchange(outcome, std::memory_order_seq_cst), (outcome & failed_bit) != 0);
}

CONCURRENT_FUTURES_INLINE CallbackList FutureStateBase::finish_with_exception(std::exception_ptr exception) {
  if (exception == nullptr) exception = std::make_exception_ptr(RuntimeError(no_exception_text));
  if (!claim()) return {};
  exception_ = std::move(exception);
  return publish(finished_word | failed_bit);
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::try_finish_with_exception(std::exception_ptr exception) {
  if (!claim()) return false;
  exception_ = std::move(exception);
  run(publish(finished_word | failed_bit));
  return true;
}

CONCURRENT_FUTURES_INLINE CallbackList FutureStateBase::finish_cancelled() noexcept {
  CallbackList callbacks;
  try_finish_cancelled(callbacks);
  return callbacks;
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::try_finish_cancelled(CallbackList& callbacks) noexcept {
  if (!claim()) return false;
  callbacks = publish(static_cast<std::uint32_t>(State::cancelled));
  return true;
}

[[noreturn]] CONCURRENT_FUTURES_INLINE void FutureStateBase::throw_invalid_state(const char* operation) const {
  const std::string name = state_name(running() ? State::running : state());
  throw InvalidStateError(
      "concurrent::futures: " + std::string(operation) + " on a future whose state is " + name +
      ". A call is begun once, while it is PENDING, and its outcome is set once, while it is PENDING "
      "or RUNNING.");
}

}  // namespace concurrent::futures::inline v0::detail
