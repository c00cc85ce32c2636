// SPDX-License-Identifier: BSL-1.0
// The exceptions of this room cross between processes with their type, like the standard ones.
#pragma once

#include <concurrent/futures/detail/pickled_worker_died.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/pickle/exception.hpp>

namespace concurrent::pickle::inline v0 {
namespace detail {
template <>
inline constexpr bool keeps_its_text<futures::Error> = true;
template <>
inline constexpr bool keeps_its_text<futures::CancelledError> = true;
template <>
inline constexpr bool keeps_its_text<futures::InvalidStateError> = true;
template <>
inline constexpr bool keeps_its_text<futures::TimeoutError> = true;
template <>
inline constexpr bool keeps_its_text<futures::TaskTimeoutError> = true;
template <>
inline constexpr bool keeps_its_text<futures::BrokenExecutor> = true;
template <>
inline constexpr bool keeps_its_text<futures::BrokenThreadPool> = true;
template <>
inline constexpr bool keeps_its_text<futures::BrokenProcessPool> = true;
template <>
inline constexpr bool keeps_its_text<futures::QueueFull> = true;
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
