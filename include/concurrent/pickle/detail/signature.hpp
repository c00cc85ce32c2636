// SPDX-License-Identifier: BSL-1.0
// std::invoke and its traits without <functional>, which alone would make the include a fifth larger.
#pragma once

#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/stop_token.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::pickle::inline v0::detail {

// A string also goes to a parameter of type `const char*`, which lives as long as the call.
template <class T>
struct WithCString {
  using type = T;
};
template <class Char>
struct WithCString<std::basic_string<Char>> {
  using type = const Char*;
};

template <class F, class... Args>
inline constexpr bool takes_values = std::is_invocable_v<F, Args...>;
// Asks no further where the first answer is yes: a generic lambda may fail to compile for a pointer.
template <class F, class... Args>
inline constexpr bool takes_c_strings = [] {
  if constexpr (takes_values<F, Args...>) {
    return false;
  } else {
    return std::is_invocable_v<F, typename WithCString<Args>::type...>;
  }
}();

template <class T>
concept HasCallOperator = requires { &T::operator(); };

// Whether F says that its first parameter is a StopToken. One that can be called without (`StopToken stop = {}`) gets
// one all the same; a generic one that takes whatever comes does not.
template <class F, class R, class First, class... Rest>
std::is_same<std::remove_cvref_t<First>, StopToken> first_is_token(R (F::*)(First, Rest...));
template <class F, class R, class First, class... Rest>
std::is_same<std::remove_cvref_t<First>, StopToken> first_is_token(R (F::*)(First, Rest...) const);
std::false_type first_is_token(...);
template <class F>
inline constexpr bool names_token = false;
template <HasCallOperator F>
inline constexpr bool names_token<F> = decltype(detail::first_is_token(&F::operator()))::value;

// Whether F wants the call's StopToken before the arguments. Asks that last, too.
template <class F, class... Args>
inline constexpr bool takes_token = [] {
  if constexpr ((takes_values<F, Args...> || takes_c_strings<F, Args...>) && !names_token<std::remove_cvref_t<F>>) {
    return false;
  } else {
    return takes_values<F, StopToken, Args...> || takes_c_strings<F, StopToken, Args...>;
  }
}();
template <class F, class... Args>
inline constexpr bool takes = takes_values<F, Args...> || takes_c_strings<F, Args...> || takes_token<F, Args...>;

template <class F, class... Args>
struct ResultOf {
  using type = void;
};
template <class F, class... Args>
  requires takes_values<F, Args...>
struct ResultOf<F, Args...> {
  using type = std::decay_t<std::invoke_result_t<F, Args...>>;
};
template <class F, class... Args>
  requires takes_c_strings<F, Args...>
struct ResultOf<F, Args...> {
  using type = std::decay_t<std::invoke_result_t<F, typename WithCString<Args>::type...>>;
};
template <class F, class... Args>
  requires(!takes_values<F, Args...> && !takes_c_strings<F, Args...> && takes_token<F, Args...>)
struct ResultOf<F, Args...> : ResultOf<F, StopToken, Args...> {};
template <class F, class... Args>
using CallResult = typename ResultOf<F, Args...>::type;

template <class Char>
inline constexpr bool is_text =
    std::is_same_v<Char, char> || std::is_same_v<Char, wchar_t> || std::is_same_v<Char, char8_t> ||
    std::is_same_v<Char, char16_t> || std::is_same_v<Char, char32_t>;
template <class T>
inline constexpr bool is_text_pointer = false;
template <class Char>
inline constexpr bool is_text_pointer<Char*> = is_text<std::remove_const_t<Char>>;

// As what an argument is taken: as a copy; of an element of a vector of bools its value, not the place in the vector.
template <class T>
using Taken =
    std::conditional_t<std::is_same_v<std::remove_cvref_t<T>, std::vector<bool>::reference>, bool, std::decay_t<T>>;

// How an argument arrives: likewise; text between quotes as a string.
template <class T>
struct SentAs {
  using type = Taken<T>;
};
template <class Char, std::size_t n>
  requires is_text<Char>
struct SentAs<const Char (&)[n]> {
  using type = std::basic_string<Char>;
};
template <class T>
using Sent = typename SentAs<T>::type;
// How an argument of a call arrives in another process: text that a pointer points to as a string, too.
template <class T>
struct PickledAs : SentAs<T> {};
template <class T>
  requires is_text_pointer<std::remove_cvref_t<T>>
struct PickledAs<T> {
  using type = std::basic_string<std::remove_const_t<std::remove_pointer_t<std::remove_cvref_t<T>>>>;
};
template <class T>
using Pickled = typename PickledAs<T>::type;

// A pointer to text that is sent as a string, which ends at the first zero, for a parameter that is a pointer to
// characters, which may be more.
template <class F, class... Args>
inline constexpr bool loses_length = [] {
  if constexpr (!(is_text_pointer<std::remove_cvref_t<Args>> || ...) || takes_values<F, Pickled<Args>...>) {
    return false;
  } else {
    return takes<F, Pickled<Args>...> && !takes_values<F, StopToken, Pickled<Args>...>;
  }
}();

template <class Char, std::size_t n>
std::basic_string_view<Char> literal_text(const Char (&text)[n]) {
  return {text, text[n - 1] == Char() ? n - 1 : n};
}

template <class T>
struct CallableBase {
  void operator()();
};
template <class T>
struct WithCallOperator : T, CallableBase<T> {};

// Whether F could be called with some arguments: an overloaded or generic operator() has no address, but its name is
// ambiguous in a class that inherits another one.
template <class F>
consteval bool has_call_operator() {
  if constexpr (!std::is_class_v<F>) {
    return false;
  } else if constexpr (std::is_final_v<F>) {
    return HasCallOperator<F>;
  } else {
    return HasCallOperator<F> || !HasCallOperator<WithCallOperator<F>>;
  }
}
template <class F>
inline constexpr bool is_callable_type =
    std::is_member_pointer_v<F> || (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) ||
    has_call_operator<F>();

template <class Member, class Class>
Class class_of(Member Class::*);  // not defined
// The object of a member: itself, what a std::reference_wrapper refers to, or what a pointer of any kind points to.
template <class F, class First>
decltype(auto) object_of(First&& first) {
  using Class = decltype(detail::class_of(F()));
  const auto is_object = []<class T>() { return std::is_same_v<Class, T> || std::is_base_of_v<Class, T>; };
  if constexpr (is_object.template operator()<std::remove_cvref_t<First>>()) {
    return std::forward<First>(first);
  } else if constexpr (requires { *std::forward<First>(first); }) {
    return *std::forward<First>(first);
  } else {
    return first.get();
  }
}

// An argument becomes what the parameter is, as in a call in place: there 7 for an unsigned char is no reason to warn.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored \
    "-Warray-bounds"  // GCC looks for a table of virtual functions, also in a class without one
template <class F, class First, class... Rest>
decltype(auto) invoke_member(F member, First&& first, Rest&&... rest) {
  if constexpr (std::is_member_object_pointer_v<F>) {
    return (detail::object_of<F>(std::forward<First>(first)).*member);
  } else {
    return (detail::object_of<F>(std::forward<First>(first)).*member)(std::forward<Rest>(rest)...);
  }
}

template <class F, class... Args>
decltype(auto) invoke(F&& function, Args&&... args) {
  if constexpr (std::is_member_pointer_v<std::remove_cvref_t<F>>) {
    return detail::invoke_member(function, std::forward<Args>(args)...);
  } else {
    return std::forward<F>(function)(std::forward<Args>(args)...);
  }
}
#pragma GCC diagnostic pop

// The same where nothing is sent: with a StopToken in front if F names one, or if there is no other way.
template <class F, class... Args>
inline constexpr bool wants_token = [] {
  if constexpr (std::is_invocable_v<F, Args...> && !names_token<std::remove_cvref_t<F>>) {
    return false;
  } else {
    return std::is_invocable_v<F, StopToken, Args...>;
  }
}();
template <class F, class... Args>
struct TaskResult : std::invoke_result<F, Args...> {};
template <class F, class... Args>
  requires wants_token<F, Args...>
struct TaskResult<F, Args...> : std::invoke_result<F, StopToken, Args...> {};
template <class F, class... Args>
decltype(auto) invoke_task([[maybe_unused]] const StopToken& token, F&& function, Args&&... args) {
  if constexpr (wants_token<F, Args...>) {
    return detail::invoke(std::forward<F>(function), StopToken(token), std::forward<Args>(args)...);
  } else {
    return detail::invoke(std::forward<F>(function), std::forward<Args>(args)...);
  }
}

}  // namespace concurrent::pickle::inline v0::detail
