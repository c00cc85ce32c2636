// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future_handle.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/exception.hpp>

#include <cstdio>
#include <string>
#include <type_traits>

#include <fmt/core.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What Python's repr tells: `<Future at 0x55d0c8 state=finished returned int>`.
inline std::string describe(const FutureHandle& handle) {
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

}  // namespace detail
}  // namespace concurrent::futures::inline v0

template <class Handle>
requires std::is_base_of_v<concurrent::futures::detail::FutureHandle, Handle>
struct fmt::formatter<Handle, char> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }  // {} and nothing else
  auto format(const Handle& future, fmt::format_context& context) const {
    const std::string text = concurrent::futures::detail::describe(future);
    auto out = context.out();
    for (const char letter : text) *out++ = letter;
    return out;
  }
};
