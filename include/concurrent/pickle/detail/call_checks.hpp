// SPDX-License-Identifier: BSL-1.0
// What is looked at when a call compiles: each refusal is one sentence, and the first error.
#pragma once

#include <concurrent/pickle/callable.hpp>
#include <concurrent/pickle/detail/signature.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

template <class T>
inline constexpr bool is_callable_argument = false;
template <class F>
inline constexpr bool is_callable_argument<Callable<F>> = true;
template <class T>
constexpr void check_argument() {
  if constexpr (is_callable_argument<T>) {
    check_callable<decltype(T::function)>();
  } else {
    check_value<T, Role::argument>();
  }
}
template <class T>
constexpr void check_result() {
  if constexpr (!std::is_void_v<T>) check_value<T, Role::value>();
}

// As what a call with this Serializer sends an argument.
template <class Serializer, class T>
using SentBy = typename std::conditional_t<std::is_same_v<Serializer, Pickle>, PickledAs<T>, SentAs<T>>::type;

template <class F>
constexpr void check_is_callable() {
  static_assert(is_callable_type<F>,
                "concurrent::pickle: the first argument is nothing that can be called. Pass the function and its "
                "arguments apart, "
                "submit(function, x), and do not call it yourself, submit(function(x)).");
}

template <class F, class... Args>
constexpr void check_takes() {
  static_assert(takes<F, Args...>,
                "concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number "
                "and types; a "
                "parameter of type T& cannot take a copy: use T, const T& or T&&.");
}

template <class Serializer, class F, class... Args>
struct CallChecks {
  static constexpr void check() {
    check_is_callable<F>();
    if constexpr (is_callable_type<F>) {
      check_callable<F>();
      if constexpr (std::is_same_v<Serializer, Pickle>) (check_argument<Args>(), ...);
      if constexpr (!takes<F, Args...>) {
        check_takes<F, Args...>();
      } else if constexpr (std::is_same_v<Serializer, Pickle>) {
        check_result<CallResult<F, Args...>>();
      }
    }
  }
  // Whether to go on: what follows would only repeat the refusal in the standard library's words.
  static consteval bool passed() {
    if constexpr (!is_callable_type<F>) {
      return false;
    } else if constexpr (!(travels_as_value<F> || travels_as_bytes<F>)) {
      return false;
    } else if constexpr (!takes<F, Args...>) {
      return false;
    } else if constexpr (std::is_same_v<Serializer, Pickle>) {
      return ((can_travel<Args, Role::argument>()) && ...) && result_passed();
    } else {
      return true;
    }
  }

 private:
  static consteval bool result_passed() {
    using Result = CallResult<F, Args...>;
    if constexpr (std::is_void_v<Result>) {
      return true;
    } else {
      return can_travel<Result, Role::value>();
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
