// SPDX-License-Identifier: BSL-1.0
// Futures as senders. Of <execution> where the standard library has C++26's, of stdexec or beman.execution where one of
// them was included before this; otherwise by the draft's rules, with the few names of it that are needed in
// cf::execution. Not part of futures.hpp.
#pragma once

#include <concurrent/futures/detail/await/future_sender.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/task_options.hpp>

#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {

/// A sender that completes as the future does: `set_value(T)`, `set_error(std::exception_ptr)` with what the call
/// threw, or `set_stopped()` if it was cancelled. The result is moved out if the sender's handle is the last one.
///
/// It completes at once, in `start`, if the future is done; otherwise where the future's callbacks run. A stop request
/// of the receiver ends the wait, with `set_stopped()`, and leaves the call alone, which others may wait for: see
/// submit_sender. No allocation.
///
/// Throws: InvalidStateError on a future that was moved from.
template <class T>
auto as_sender(Future<T> future) {
  return detail::FutureSender<T>(std::move(future));
}

/// A sender that submits `fn(args...)` when it is started, and completes as that call's future does. TaskOptions may
/// come before the function. What submit throws is an error of the operation. A stop request of the receiver is the
/// future's `request_stop()`: a call that has not begun is cancelled, one that runs is told by its StopToken; one that
/// comes before `start` submits nothing.
///
/// The executor must live until the operation has been started. There is no scheduler for processes: what would run on
/// it are closures of this address space.
template <class Executor, class Function, class... Args>
auto submit_sender(Executor& pool, Function&& fn, Args&&... args) {
  return detail::SubmitSender<Executor, std::decay_t<Function>, pickle::detail::Sent<Args>...>(
      pool, std::forward<Function>(fn), std::forward<Args>(args)...);
}

/// The same with options in braces: `submit_sender(pool, {.priority = 1}, fn, args...)`.
template <class Executor, class Function, class... Args>
auto submit_sender(Executor& pool, TaskOptions options, Function&& fn, Args&&... args) {
  return detail::SubmitSender<Executor, TaskOptions, std::decay_t<Function>, pickle::detail::Sent<Args>...>(
      pool, std::move(options), std::forward<Function>(fn), std::forward<Args>(args)...);
}

}  // namespace concurrent::futures::inline v0
