// SPDX-License-Identifier: BSL-1.0
// Which arguments of a call need not be made anew: where a string or a vector was sent and the function takes a
// std::string_view or a std::span, it gets a view of the message itself.
#pragma once

#include <concurrent/pickle/sequence.hpp>
#include <concurrent/pickle/strings.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

// The types of a callable's parameters, where there is one set of them; empty for what is overloaded or generic.
template <class Signature>
struct Parameters {
  using type = Types<>;
};
template <class Result, class... Ps, bool is_noexcept>
struct Parameters<Result (*)(Ps...) noexcept(is_noexcept)> {
  using type = Types<std::remove_cvref_t<Ps>...>;
};
template <class Class, class Result, class... Ps, bool is_noexcept>
struct Parameters<Result (Class::*)(Ps...) noexcept(is_noexcept)> {
  using type = Types<std::remove_cvref_t<Ps>...>;
};
template <class Class, class Result, class... Ps, bool is_noexcept>
struct Parameters<Result (Class::*)(Ps...) const noexcept(is_noexcept)> {
  using type = Types<std::remove_cvref_t<Ps>...>;
};

template <class F>
struct ParametersOf {
  using type = Types<>;
};
template <class F>
  requires std::is_pointer_v<F>
struct ParametersOf<F> : Parameters<F> {};
template <class F>
  requires requires { &F::operator(); }
struct ParametersOf<F> : Parameters<decltype(&F::operator())> {};

template <std::size_t i, class List>
struct TypeAt {
  using type = void;
};
template <class First, class... Rest>
struct TypeAt<0, Types<First, Rest...>> {
  using type = First;
};
template <std::size_t i, class First, class... Rest>
  requires(i > 0)
struct TypeAt<i, Types<First, Rest...>> : TypeAt<i - 1, Types<Rest...>> {};

// Whether the bytes of a Sent can be read as a View, both being known to the pickle itself.
template <class Sent, class View>
consteval bool is_view_of() {
  if constexpr (std::is_void_v<View> || !std::is_class_v<Sent> || std::is_same_v<Sent, View>) {
    return false;
  } else if constexpr (has_own_pickler<Sent> || !std::is_convertible_v<Sent&, View>) {
    return false;
  } else if constexpr (is_string_view<View> && is_string<Sent>) {
    return true;
  } else if constexpr (is_span<View> && kind_of<Sent>() == Kind::sequence) {
    if constexpr (BlockShape<Sent> && View::extent == std::dynamic_extent) {
      return std::is_same_v<typename View::element_type, const typename Sent::value_type>;
    } else {
      return false;
    }
  } else {
    return false;
  }
}

// As what the argument of F at a position, sent as a Sent, is loaded.
template <class F, std::size_t position, class Sent>
struct InPlace {
  using Parameter = typename TypeAt<position, typename ParametersOf<F>::type>::type;
  using type = std::conditional_t<is_view_of<Sent, Parameter>(), Parameter, Sent>;
};

}  // namespace concurrent::pickle::inline v0::detail
