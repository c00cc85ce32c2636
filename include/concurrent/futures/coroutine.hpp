// SPDX-License-Identifier: BSL-1.0
// Futures in coroutines. Not part of futures.hpp: include it where coroutines wait for futures.
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/await/future_awaiter.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/thread.hpp>

#include <utility>

namespace concurrent::futures::inline v0 {

/// `const T& r = co_await future`: goes on when the future is done, with what `result()` gives. In any coroutine,
/// unless its type refuses what it does not know.
///
/// A future that is done already suspends nothing. Otherwise the coroutine goes on where the future's callbacks run, in
/// the thread that finishes or cancels it or in one that the pool keeps for callbacks, and never in a thread of the
/// program that waits for another result. Who computes for long there holds up the other callbacks: `co_await
/// resume_on(threads)` first. To wait takes no memory: the awaiter itself hangs in the future's list of waiters, and
/// comes off it when it is destroyed, so that a coroutine that is destroyed while it waits is never resumed. As with
/// every coroutine, whoever destroys one sees to it that nobody resumes it at that very moment.
///
/// Throws: what `result()` throws: the call's exception, or CancelledError; InvalidStateError on a future that was
/// moved from. A future that was never submitted is waited for, since its handle stays. The reference is good as long
/// as there is a handle. Python: awaiting `asyncio.wrap_future(future)`.
///
/// GCC 12 destroys an aggregate twice that is made inside of a `co_await` expression. With it, TaskOptions have a name
/// before: `const TaskOptions limited{.timeout = 2s}; co_await pool.submit(limited, fn);`.
template <class T>
auto operator co_await(const Future<T>& future) {
  return detail::FutureAwaiter<Future<T>, false>(future);
}

/// `T v = co_await std::move(future)`: the same, and moves the result out if this is the last handle.
///
/// Throws: also InvalidStateError when nobody could ever finish this future, see `Future::wait`.
template <class T>
auto operator co_await(Future<T>&& future) {
  return detail::FutureAwaiter<Future<T>, true>(std::move(future));
}

/// The same without a value, for a future whose type is not known.
inline auto operator co_await(const AnyFuture& future) { return detail::FutureAwaiter<AnyFuture, false>(future); }

/// `co_await resume_on(threads)`: goes on in one of the threads of this pool, as if submitted there; the limit
/// `max_pending` does not hold it up.
///
/// Throws: in the coroutine, what submit throws, in the thread where it was; BrokenThreadPool or CancelledError when
/// the pool breaks or drops its calls before a thread has come to this one.
inline auto resume_on(ThreadPoolExecutor& threads) { return detail::ResumeOn(threads); }

}  // namespace concurrent::futures::inline v0
