// SPDX-License-Identifier: BSL-1.0
// What a call would have given that is refused. With a result of that type the refusal is all that the compiler says:
// the lines that use the result are right.
#pragma once

#include <concurrent/pickle/detail/signature.hpp>

#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

// Stands for a result that nobody can guess, and becomes whatever is asked for.
struct Unguessable {
  template <class T>
  operator T() const;  // never defined: who asks does not compile
};

// The result that a signature names.
template <class F>
struct SignatureResult {
  using type = Unguessable;
};
template <class R, class... Args>
struct SignatureResult<R (*)(Args...)> {
  using type = R;
};
template <class R, class... Args>
struct SignatureResult<R (*)(Args...) noexcept> {
  using type = R;
};
template <class R, class Class, class... Args>
struct SignatureResult<R (Class::*)(Args...)> {
  using type = R;
};
template <class R, class Class, class... Args>
struct SignatureResult<R (Class::*)(Args...) noexcept> {
  using type = R;
};
template <class R, class Class, class... Args>
struct SignatureResult<R (Class::*)(Args...) const> {
  using type = R;
};
template <class R, class Class, class... Args>
struct SignatureResult<R (Class::*)(Args...) const noexcept> {
  using type = R;
};

template <class F, class... Args>
consteval auto intended_result() {
  if constexpr (takes<F, Args...>) {
    return std::type_identity<CallResult<F, Args...>>();
  } else if constexpr (!is_callable_type<F>) {
    return std::type_identity<F>();  // submit(function(x)): the result itself
  } else if constexpr (HasCallOperator<F>) {
    return std::type_identity<std::decay_t<typename SignatureResult<decltype(&F::operator())>::type>>();
  } else {
    return std::type_identity<std::decay_t<typename SignatureResult<F>::type>>();
  }
}
template <class F, class... Args>
using IntendedResult = typename decltype(intended_result<F, Args...>())::type;

}  // namespace concurrent::pickle::inline v0::detail
