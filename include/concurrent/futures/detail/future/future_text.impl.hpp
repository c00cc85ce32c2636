// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/detail/future/future_text.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/exception.hpp>

#include <cstdio>
#include <string>

namespace concurrent::futures::inline v0::detail {

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

}  // namespace concurrent::futures::inline v0::detail
