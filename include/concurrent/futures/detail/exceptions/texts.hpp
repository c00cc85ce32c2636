// SPDX-License-Identifier: BSL-1.0
// What is said of futures and pools.
#pragma once

#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/detail/future/future_text.hpp>
#include <concurrent/futures/detail/pool/pool_text.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/exception.hpp>

#include <cstdio>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

CONCURRENT_FUTURES_INLINE std::string describe(const FutureHandle& handle) {
  const FutureStateBase* const state = HandleAccess::state(handle);
  char address[32];
  std::snprintf(address, sizeof address, "%p", static_cast<const void*>(state));
  std::string text = "<Future at ";
  text += address;
  if (state == nullptr) return text + " moved from>";
  switch (state->state()) {
    case State::pending:
      text += state->running() ? " state=running" : " state=pending";
      break;
    case State::running:
      text += " state=running";
      break;
    case State::cancelled:
    case State::cancelled_and_notified:
      text += " state=cancelled";
      break;
    case State::finished:
      text += " state=finished ";
      text += state->failed() ? "raised " + pickle::exception_type_name(state->stored_exception())
                              : "returned " + pickle::detail::readable(state->result_type().name());
      break;
  }
  return text + ">";
}

CONCURRENT_FUTURES_INLINE std::string describe(const PoolGlance& pool) {
  if (pool.phase == PoolGlance::Phase::elsewhere)
    return "belongs to process " + std::to_string(pool.process) + ", of which this one is a fork";
  std::string text;
  if (pool.phase == PoolGlance::Phase::shutting_down) text = "shutting down, ";
  if (pool.phase == PoolGlance::Phase::broken) text = "broken, ";
  if (pool.phase == PoolGlance::Phase::shut_down) text = "shut down, ";
  const bool ended = pool.phase == PoolGlance::Phase::shut_down || pool.phase == PoolGlance::Phase::broken;
  if (!ended || pool.busy != 0 || pool.queued != 0) {
    text += std::to_string(pool.workers) + (pool.workers == 1 ? " worker (" : " workers (") +
            std::to_string(pool.busy) + " busy), " + std::to_string(pool.queued) + " queued, ";
  }
  return text + std::to_string(pool.done) + " done";
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
