// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/future/future_handle.hpp>

#include <string>
#include <type_traits>

#include <fmt/core.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What Python's repr tells: `<Future at 0x55d0c8 state=finished returned int>`.
std::string describe(const FutureHandle& handle);

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

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/future/future_text.impl.hpp>
#endif
