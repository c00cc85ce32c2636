// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <memory>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Begins one in this file. Throws std::system_error, which names the path, when it cannot be written.
pickle::detail::UniquePointer<TraceSink> open_trace(const std::string& path);

/// Throws RuntimeError where the trace of a pool can no longer begin.
void check_traceable(bool is_traced, bool is_closed);

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/trace/trace_open.impl.hpp>
#endif
