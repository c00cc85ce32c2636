// SPDX-License-Identifier: BSL-1.0
// What submit and map return for a call that does not compile, so that the lines that use it have nothing to say.
#pragma once

#include <concurrent/futures/future.hpp>
#include <concurrent/futures/map.hpp>
#include <concurrent/pickle/detail/intended_result.hpp>

#include <type_traits>

namespace concurrent::futures::inline v0::detail {

/// Where nobody can guess the result: a future of whatever is asked for.
class RefusedFuture : public Future<pickle::detail::Unguessable> {
 public:
  template <class R>
  operator Future<R>() const;  // never defined
};

template <class Function, class... Args>
auto refused_future() {
  using R = pickle::detail::IntendedResult<Function, Args...>;
  if constexpr (std::is_same_v<R, pickle::detail::Unguessable>) {
    return RefusedFuture();
  } else {
    return Future<R>();
  }
}

template <class Function, class... Items>
auto refused_map() {
  return MapResult<pickle::detail::IntendedResult<Function, Items...>>(nullptr);
}

}  // namespace concurrent::futures::inline v0::detail
