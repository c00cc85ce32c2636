// SPDX-License-Identifier: BSL-1.0
// What must be written once for each number of members, as C++20 has neither a pack of structured bindings nor a pack
// of empty braces. Macros write it, a row for each number from 1 to 100; they end with this header.
#pragma once

#include <concurrent/pickle/detail/any_value.hpp>
#include <concurrent/pickle/detail/types.hpp>

#include <cstddef>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// What structured bindings tell of the members of a class: their types as declared, const and references included, and
// whether each of them can be referred to, as bit-fields cannot.
template <bool are_referable, class... Declared>
struct Members {
  using List = Types<Declared...>;
  static constexpr bool referable = are_referable;
};

void refer_to(auto&...);  // never defined

// A class with `count` members.
template <std::size_t count>
struct Fields;

inline constexpr std::size_t most_fields = 100;

// fits: whether T{First..., values, {values}, values, count empty braces, Then...} would compile.
#define CONCURRENT_FUTURES_FITS(...)                                                                                \
  template <class T, class... First, std::size_t... head, std::size_t... inner, std::size_t... tail, class... Then> \
  static consteval bool fits(Types<First...>, std::index_sequence<head...>, std::index_sequence<inner...>,          \
                             std::index_sequence<tail...>, Types<Then...>) {                                        \
    return requires {                                                                                               \
      T{First{}..., AnyValue{head}..., {AnyValue{inner}...}, AnyValue{tail}..., __VA_ARGS__ Then{}...};             \
    };                                                                                                              \
  }

// The first to the tenth of the names that begin with `name`, each in what `form` makes of it.
#define CONCURRENT_FUTURES_NAMES_1(form, name) form(name##0)
#define CONCURRENT_FUTURES_NAMES_2(form, name) CONCURRENT_FUTURES_NAMES_1(form, name), form(name##1)
#define CONCURRENT_FUTURES_NAMES_3(form, name) CONCURRENT_FUTURES_NAMES_2(form, name), form(name##2)
#define CONCURRENT_FUTURES_NAMES_4(form, name) CONCURRENT_FUTURES_NAMES_3(form, name), form(name##3)
#define CONCURRENT_FUTURES_NAMES_5(form, name) CONCURRENT_FUTURES_NAMES_4(form, name), form(name##4)
#define CONCURRENT_FUTURES_NAMES_6(form, name) CONCURRENT_FUTURES_NAMES_5(form, name), form(name##5)
#define CONCURRENT_FUTURES_NAMES_7(form, name) CONCURRENT_FUTURES_NAMES_6(form, name), form(name##6)
#define CONCURRENT_FUTURES_NAMES_8(form, name) CONCURRENT_FUTURES_NAMES_7(form, name), form(name##7)
#define CONCURRENT_FUTURES_NAMES_9(form, name) CONCURRENT_FUTURES_NAMES_8(form, name), form(name##8)
#define CONCURRENT_FUTURES_NAMES_10(form, name) CONCURRENT_FUTURES_NAMES_9(form, name), form(name##9)
// The names of the tens before.
#define CONCURRENT_FUTURES_TENS_0(form)
#define CONCURRENT_FUTURES_TENS_1(form) CONCURRENT_FUTURES_TENS_0(form) CONCURRENT_FUTURES_NAMES_10(form, field0),
#define CONCURRENT_FUTURES_TENS_2(form) CONCURRENT_FUTURES_TENS_1(form) CONCURRENT_FUTURES_NAMES_10(form, field1),
#define CONCURRENT_FUTURES_TENS_3(form) CONCURRENT_FUTURES_TENS_2(form) CONCURRENT_FUTURES_NAMES_10(form, field2),
#define CONCURRENT_FUTURES_TENS_4(form) CONCURRENT_FUTURES_TENS_3(form) CONCURRENT_FUTURES_NAMES_10(form, field3),
#define CONCURRENT_FUTURES_TENS_5(form) CONCURRENT_FUTURES_TENS_4(form) CONCURRENT_FUTURES_NAMES_10(form, field4),
#define CONCURRENT_FUTURES_TENS_6(form) CONCURRENT_FUTURES_TENS_5(form) CONCURRENT_FUTURES_NAMES_10(form, field5),
#define CONCURRENT_FUTURES_TENS_7(form) CONCURRENT_FUTURES_TENS_6(form) CONCURRENT_FUTURES_NAMES_10(form, field6),
#define CONCURRENT_FUTURES_TENS_8(form) CONCURRENT_FUTURES_TENS_7(form) CONCURRENT_FUTURES_NAMES_10(form, field7),
#define CONCURRENT_FUTURES_TENS_9(form) CONCURRENT_FUTURES_TENS_8(form) CONCURRENT_FUTURES_NAMES_10(form, field8),
#define CONCURRENT_FUTURES_NAME(name) name
#define CONCURRENT_FUTURES_TYPE(name) decltype(name)
// clang-format off
#define CONCURRENT_FUTURES_BRACES(name) {}
// clang-format on
#define CONCURRENT_FUTURES_ALL(form, tens, ones) \
  CONCURRENT_FUTURES_TENS_##tens(form) CONCURRENT_FUTURES_NAMES_##ones(form, field##tens)

#define CONCURRENT_FUTURES_ROW(count, tens, ones)                                                                     \
  template <>                                                                                                         \
  struct Fields<count> {                                                                                              \
    template <class T, class Visit>                                                                                   \
    static constexpr decltype(auto) visit(T& value, Visit&& visitor) {                                                \
      auto& [CONCURRENT_FUTURES_ALL(CONCURRENT_FUTURES_NAME, tens, ones)] = value;                                    \
      return visitor(CONCURRENT_FUTURES_ALL(CONCURRENT_FUTURES_NAME, tens, ones));                                    \
    }                                                                                                                 \
    template <class T>                                                                                                \
    static constexpr auto members(T& value) {                                                                         \
      auto& [CONCURRENT_FUTURES_ALL(CONCURRENT_FUTURES_NAME, tens, ones)] = value;                                    \
      constexpr bool referable = requires { refer_to(CONCURRENT_FUTURES_ALL(CONCURRENT_FUTURES_NAME, tens, ones)); }; \
      return Members<referable, CONCURRENT_FUTURES_ALL(CONCURRENT_FUTURES_TYPE, tens, ones)>{};                       \
    }                                                                                                                 \
    CONCURRENT_FUTURES_FITS(CONCURRENT_FUTURES_ALL(CONCURRENT_FUTURES_BRACES, tens, ones), )                          \
  };
#define CONCURRENT_FUTURES_TEN_ROWS(tens)        \
  CONCURRENT_FUTURES_ROW(tens * 10 + 1, tens, 1) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 2, tens, 2) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 3, tens, 3) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 4, tens, 4) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 5, tens, 5) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 6, tens, 6) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 7, tens, 7) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 8, tens, 8) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 9, tens, 9) \
  CONCURRENT_FUTURES_ROW(tens * 10 + 10, tens, 10)

template <>
struct Fields<0> {
  template <class T, class Visit>
  static constexpr decltype(auto) visit(T&, Visit&& visitor) {
    return visitor();
  }
  template <class T>
  static constexpr auto members(T&) {
    return Members<true>{};
  }
  CONCURRENT_FUTURES_FITS()
};
CONCURRENT_FUTURES_TEN_ROWS(0)
CONCURRENT_FUTURES_TEN_ROWS(1)
CONCURRENT_FUTURES_TEN_ROWS(2)
CONCURRENT_FUTURES_TEN_ROWS(3)
CONCURRENT_FUTURES_TEN_ROWS(4)
CONCURRENT_FUTURES_TEN_ROWS(5)
CONCURRENT_FUTURES_TEN_ROWS(6)
CONCURRENT_FUTURES_TEN_ROWS(7)
CONCURRENT_FUTURES_TEN_ROWS(8)
CONCURRENT_FUTURES_TEN_ROWS(9)

#undef CONCURRENT_FUTURES_FITS
#undef CONCURRENT_FUTURES_NAMES_1
#undef CONCURRENT_FUTURES_NAMES_2
#undef CONCURRENT_FUTURES_NAMES_3
#undef CONCURRENT_FUTURES_NAMES_4
#undef CONCURRENT_FUTURES_NAMES_5
#undef CONCURRENT_FUTURES_NAMES_6
#undef CONCURRENT_FUTURES_NAMES_7
#undef CONCURRENT_FUTURES_NAMES_8
#undef CONCURRENT_FUTURES_NAMES_9
#undef CONCURRENT_FUTURES_NAMES_10
#undef CONCURRENT_FUTURES_TENS_0
#undef CONCURRENT_FUTURES_TENS_1
#undef CONCURRENT_FUTURES_TENS_2
#undef CONCURRENT_FUTURES_TENS_3
#undef CONCURRENT_FUTURES_TENS_4
#undef CONCURRENT_FUTURES_TENS_5
#undef CONCURRENT_FUTURES_TENS_6
#undef CONCURRENT_FUTURES_TENS_7
#undef CONCURRENT_FUTURES_TENS_8
#undef CONCURRENT_FUTURES_TENS_9
#undef CONCURRENT_FUTURES_NAME
#undef CONCURRENT_FUTURES_TYPE
#undef CONCURRENT_FUTURES_BRACES
#undef CONCURRENT_FUTURES_ALL
#undef CONCURRENT_FUTURES_ROW
#undef CONCURRENT_FUTURES_TEN_ROWS

}  // namespace concurrent::pickle::inline v0::detail
