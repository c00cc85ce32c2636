// SPDX-License-Identifier: BSL-1.0
// How many members an aggregate has, found by trying with how many initialisers it can be made. Boost.PFR, which takes
// the members apart, counts them too, but it counts the elements of an array as members, and a base class or a reference
// is a reason for it to stop with a text of its own: what it may be asked about has to be known first.
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0 {
namespace detail {

// Stands for an initialiser of whatever type a member has.
struct AnyValue {
  std::size_t position;
  template <class T>
  operator T() const noexcept;  // never defined: it is used in unevaluated expressions only
};

// Stands for an initialiser of a base class of Derived, and of nothing else.
template <class Derived>
struct AnyBase {
  template <class T>
  requires(std::is_base_of_v<T, Derived> && !std::is_same_v<T, Derived>) operator T() const noexcept;
};

template <class T, std::size_t... i>
constexpr bool makeable_from(std::index_sequence<i...>) {
  return requires { T{AnyValue{i}...}; };
}
template <class T, std::size_t n>
inline constexpr bool makeable = makeable_from<T>(std::make_index_sequence<n>());

template <class T, std::size_t... i, std::size_t... j, std::size_t... k>
constexpr bool makeable_nested_from(std::index_sequence<i...>, std::index_sequence<j...>, std::index_sequence<k...>) {
  return requires { T{AnyValue{i}..., {AnyValue{j}...}, AnyValue{k}...}; };
}
// n initialisers in braces of their own, with others before and after
template <class T, std::size_t before, std::size_t n, std::size_t after>
inline constexpr bool makeable_nested = makeable_nested_from<T>(std::make_index_sequence<before>(),
                                                                std::make_index_sequence<n>(),
                                                                std::make_index_sequence<after>());

template <class T, std::size_t... i>
constexpr bool has_base_among(std::index_sequence<i...>) {
  return requires { T{AnyBase<T>{}, AnyValue{i}...}; };
}

// The largest number in [low, high) with which Makeable holds; it holds for low and not for high.
template <class Makeable, std::size_t low, std::size_t high>
consteval std::size_t bisect() {
  if constexpr (high - low == 1) {
    return low;
  } else {
    constexpr std::size_t middle = low + (high - low) / 2;
    if constexpr (Makeable::template holds<middle>) {
      return bisect<Makeable, middle, high>();
    } else {
      return bisect<Makeable, low, middle>();
    }
  }
}
template <class Makeable, std::size_t low>
consteval std::size_t gallop() {
  constexpr std::size_t next = low == 0 ? 2 : low * 2;
  if constexpr (Makeable::template holds<next>) {
    return gallop<Makeable, next>();
  } else {
    return bisect<Makeable, low, next>();
  }
}

template <class T>
struct FromValues {
  template <std::size_t n>
  static constexpr bool holds = makeable<T, n>;
};
template <class T, std::size_t before>
struct FromNestedValues {
  template <std::size_t n>
  static constexpr bool holds = makeable_nested<T, before, n, 0>;
};

// Members without a default constructor must all be given, so that the first number that works is to be found first.
inline constexpr std::size_t tried_without_default = 128;
template <class T, std::size_t n>
consteval std::size_t first_makeable() {
  if constexpr (n > tried_without_default) {
    return 0;
  } else if constexpr (makeable<T, n>) {
    return n;
  } else {
    return first_makeable<T, n + 1>();
  }
}

// The number of initialisers that T takes at most. An array member takes one for each element.
template <class T>
inline constexpr std::size_t initialiser_count = gallop<FromValues<T>, first_makeable<T, 0>()>();

// The extent of an array at `position` that is followed by members without a default constructor, or 1 if there is
// none.
template <class T, std::size_t position, std::size_t count, std::size_t extent>
consteval std::size_t array_extent_between() {
  if constexpr (position + extent > count) {
    return 1;
  } else if constexpr (makeable_nested<T, position, extent, count - position - extent> &&
                       !makeable_nested<T, position, extent, count - position - extent + 1>) {
    return extent;
  } else {
    return array_extent_between<T, position, count, extent + 1>();
  }
}

// How many initialisers the member that begins at `position` takes: 1, or more for an array.
template <class T, std::size_t position, std::size_t count>
consteval std::size_t member_extent() {
  if constexpr (makeable_nested<T, position, 1, count - position - 1>) {
    return 1;
  } else if constexpr (makeable_nested<T, position, 2, 0>) {
    constexpr std::size_t extent = gallop<FromNestedValues<T, position>, 2>();
    if constexpr (position + extent <= count) {
      // A class that can be made from several values leaves more room behind it than an array of that many elements.
      if constexpr (makeable_nested<T, position, extent, count - position - extent> &&
                    !makeable_nested<T, position, extent, count - position - extent + 1>) {
        return extent;
      }
    }
    return 1;
  } else {
    return array_extent_between<T, position, count, 2>();
  }
}

template <class T, std::size_t position, std::size_t count>
consteval std::size_t count_members() {
  if constexpr (position >= count) {
    return 0;
  } else {
    return 1 + count_members<T, position + member_extent<T, position, count>(), count>();
  }
}

// How many members T has; an array is one.
template <class T>
inline constexpr std::size_t field_count = count_members<T, 0, initialiser_count<T>>();

template <class T>
inline constexpr bool has_arrays = field_count<T> != initialiser_count<T>;

// Structured bindings do not reach the members of a base class.
template <class T>
consteval bool has_base() {
  if constexpr (std::is_empty_v<T> || initialiser_count<T> == 0) {
    return false;
  } else {
    return has_base_among<T>(std::make_index_sequence<initialiser_count<T> - 1>());
  }
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
