// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/trace/trace.hpp>
#include <concurrent/futures/detail/trace/trace_open.hpp>
#include <concurrent/futures/detail/trace/trace_sink.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <memory>
#include <string>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE pickle::detail::UniquePointer<TraceSink> open_trace(const std::string& path) {
  return pickle::detail::UniquePointer<Trace>::make(path, multiprocessing::current_process().name);
}

CONCURRENT_FUTURES_INLINE void check_traceable(bool is_traced, bool is_closed) {
  if (is_traced) {
    throw RuntimeError(
        "concurrent::futures: trace: this pool is being traced already. It is so until it is shut down.");
  }
  if (is_closed) {
    throw RuntimeError(
        "concurrent::futures: trace: the pool takes no more calls. Begin before it is shut down or breaks.");
  }
}

}  // namespace concurrent::futures::inline v0::detail
