// SPDX-License-Identifier: BSL-1.0
// The exceptions of this room cross between processes with their type, like the standard ones.
#pragma once

#include <concurrent/futures/detail/exceptions/pickled_worker_died.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/pickle/exception.hpp>

namespace concurrent::pickle::inline v0 {
namespace detail {
template <class T>
  requires is_one_of<T, futures::Error, futures::CancelledError, futures::InvalidStateError, futures::TimeoutError,
                     futures::TaskTimeoutError, futures::BrokenExecutor, futures::BrokenThreadPool,
                     futures::BrokenProcessPool, futures::QueueFull>
inline constexpr bool keeps_its_text<T> = true;
}  // namespace detail
}  // namespace concurrent::pickle::inline v0

namespace concurrent::futures::inline v0 {
namespace detail {

// One flag for all translation units; evaluating it is what declares them.
template <class... Exceptions>
bool declare_exceptions() noexcept {
  return (pickle::detail::declare_exception<Exceptions>() && ...);
}
inline const bool exceptions_are_declared =
    declare_exceptions<Error, CancelledError, InvalidStateError, TimeoutError, TaskTimeoutError, RuntimeError,
                       BrokenExecutor, BrokenThreadPool, BrokenProcessPool, WorkerDied, QueueFull>();

}  // namespace detail
}  // namespace concurrent::futures::inline v0
