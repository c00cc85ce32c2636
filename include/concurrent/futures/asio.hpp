// SPDX-License-Identifier: BSL-1.0
// Futures in programs of Boost.Asio; with CONCURRENT_FUTURES_STANDALONE_ASIO in those of the other Asio. Not part of
// futures.hpp.
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/await/asio_wait.hpp>
#include <concurrent/futures/future.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {

/// Waits for a future as Asio waits: `T v = co_await cf::async_wait(future, boost::asio::use_awaitable)`, or with any
/// other completion token of `void(std::exception_ptr, T)`; of `void(std::exception_ptr)` for a Future<void>.
///
/// The handler is posted to its executor, also when the future is done already, and counts as work of that until then.
/// The exception is what `result()` throws, CancelledError included; the result is moved out if the handle that was
/// given is the last one. Where the handler's context ends first, the handler is destroyed uncalled.
///
/// Its cancellation slot is honoured: `terminal` is `terminate()`, which ends the worker of a task that runs; `partial`
/// and `total` are `request_stop()`, which cancels a call that has not begun and tells the StopToken of one that has.
///
/// Throws: InvalidStateError on a future that was moved from. Compile error: T is not default-constructible, which
/// Asio's handlers need beside an exception. Threads: the slot is for whoever may use it, as with Asio's own
/// operations.
template <class T, class CompletionToken>
auto async_wait(Future<T> future, CompletionToken&& token) {
  static_assert(
      std::is_void_v<T> || std::is_default_constructible_v<T>,
      "concurrent::futures: async_wait: a completion handler takes a result beside the exception, so the result "
      "must be default-constructible. Let the task return a std::optional or std::unique_ptr of it, or wait for "
      "an AnyFuture and take the result from the future.");
  if constexpr (std::is_void_v<T>) {
    return detail::initiate_wait<void(std::exception_ptr)>(std::move(future), std::forward<CompletionToken>(token));
  } else {
    return detail::initiate_wait<void(std::exception_ptr, T)>(std::move(future), std::forward<CompletionToken>(token));
  }
}

/// The same for a future whose type is not known, or whose result stays where it is: a token of
/// `void(std::exception_ptr)`.
template <class CompletionToken>
auto async_wait(AnyFuture future, CompletionToken&& token) {
  return detail::initiate_wait<void(std::exception_ptr)>(std::move(future), std::forward<CompletionToken>(token));
}

}  // namespace concurrent::futures::inline v0
