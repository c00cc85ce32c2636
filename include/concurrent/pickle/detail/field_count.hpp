// SPDX-License-Identifier: BSL-1.0
// How many members an aggregate has, found by trying with how many initialisers it can be made.
//
// Empty braces are an initialiser for nearly every member, an array of any length included. Only a member that cannot
// be made from nothing (no default constructor, or an explicit one) needs a value, and values for an array without
// braces of its own are one for each element. So values are tried for as few members as possible: for those up to the
// last one that needs one.
#pragma once

#include <concurrent/pickle/detail/any_value.hpp>
#include <concurrent/pickle/detail/field_table.hpp>
#include <concurrent/pickle/detail/types.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// Why the members of an aggregate cannot be enumerated.
enum class Obstacle {
  none,
  base_class,  // structured bindings do not reach its members
  anonymous,   // nor those of an anonymous union or struct
  too_many,
  unknown,
};

struct Layout {
  Obstacle obstacle = Obstacle::none;
  std::size_t bases = 0;  // all of them empty
  std::size_t fields = 0;
};

template <std::size_t n>
inline constexpr auto values = std::make_index_sequence<n>();
using NoProbe = Types<>;

// Whether T{First..., values, Then..., values} would compile.
template <class T, class... First, std::size_t... head, class... Then, std::size_t... tail>
consteval bool fits_values(Types<First...>, std::index_sequence<head...>, Types<Then...>,
                           std::index_sequence<tail...>) {
  return requires { T{First{}..., AnyValue{head}..., Then{}..., AnyValue{tail}...}; };
}

// Whether T{First..., head values, braces empty braces, Then...} would compile.
template <class T, std::size_t head, std::size_t braces, class First = NoProbe, class Then = NoProbe>
consteval bool fits() {
  if constexpr (braces == 0) {
    return fits_values<T>(First(), values<head>, Then(), values<0>);
  } else {
    return Fields<braces - 1>::template fits<T>(First(), values<head>, values<0>, values<0>, Then());
  }
}

// Whether T{head values, {inner values}, tail values, braces empty braces} would compile.
template <class T, std::size_t head, std::size_t inner, std::size_t tail, std::size_t braces>
consteval bool fits_nested() {
  return Fields<braces>::template fits<T>(NoProbe(), values<head>, values<inner>, values<tail>, NoProbe());
}

// The most empty braces that fit behind `head` values: `low` fit, `high` do not.
template <class T, std::size_t head, std::size_t low, std::size_t high>
consteval std::size_t bisect_braces() {
  if constexpr (high - low == 1) {
    return low;
  } else {
    constexpr std::size_t middle = low + (high - low) / 2;
    if constexpr (fits<T, head, middle>()) {
      return bisect_braces<T, head, middle, high>();
    } else {
      return bisect_braces<T, head, low, middle>();
    }
  }
}
// The same, not knowing where to look; most_fields + 1 is as good as more.
template <class T, std::size_t head, std::size_t low = 0, std::size_t next = 4>
consteval std::size_t count_braces() {
  if constexpr (fits<T, head, next>()) {
    if constexpr (next > most_fields) {
      return next;
    } else {
      return count_braces<T, head, next, (next * 2 <= most_fields ? next * 2 : most_fields + 1)>();
    }
  } else {
    return bisect_braces<T, head, low, next>();
  }
}

// The least number of values, `n` or more, that T can be made from and the last of which cannot be empty braces. 0 if
// there is none.
inline constexpr std::size_t most_values = 128;
template <class T, std::size_t n>
consteval std::size_t least_values() {
  if constexpr (n > most_values) {
    return 0;
  } else if constexpr (fits<T, n, 0>() && !fits<T, n - 1, 1>()) {
    return n;
  } else {
    return least_values<T, n + 1>();
  }
}

// How many values T needs at the front, so that empty braces will do for all other members. most_values + 1 if this
// cannot be found out.
template <class T, std::size_t head>
consteval std::size_t needed_values() {
  constexpr std::size_t braces = count_braces<T, head>();
  if constexpr (braces <= most_fields && fits<T, head, braces, NoProbe, Types<AnyValue>>()) {
    // One more that needs a value; it may be left out, as the class itself has one for it.
    constexpr std::size_t next = least_values<T, head + 1>();
    if constexpr (next == 0) {
      return most_values + 1;
    } else {
      return needed_values<T, next>();
    }
  } else {
    return head;
  }
}
template <class T>
consteval std::size_t needed_values() {
  if constexpr (fits<T, 0, 0>()) {
    return needed_values<T, 0>();
  } else {
    constexpr std::size_t first = least_values<T, 1>();
    if constexpr (first == 0) {
      return most_values + 1;
    } else {
      return needed_values<T, first>();
    }
  }
}

// Whether the member that begins at `position` is an array for which `extent` of the values are. There are `head`
// values, and `braces` empty braces fit behind them.
template <class T, std::size_t head, std::size_t braces, std::size_t position, std::size_t extent>
consteval bool is_array_of() {
  constexpr std::size_t tail = head - position - extent;
  if constexpr (fits_nested<T, position, 0, tail, braces>()) {
    return true;
  } else if constexpr (braces > 0) {
    return fits_nested<T, position, extent, tail, braces>();
  } else {
    // A class that can be made from as many values leaves room for one more.
    return fits_nested<T, position, extent, tail, 0>() && !fits_nested<T, position, extent, tail + 1, 0>();
  }
}
template <class T, std::size_t head, std::size_t braces, std::size_t position, std::size_t extent>
consteval std::size_t extent_from() {
  if constexpr (extent <= 1 || position + extent > head) {
    return 1;
  } else if constexpr (is_array_of<T, head, braces, position, extent>()) {
    return extent;
  } else {
    return extent_from<T, head, braces, position, (braces == 0 ? extent + 1 : extent - 1)>();
  }
}

// How many of the values are for that member: 1, or more for an array.
template <class T, std::size_t head, std::size_t braces, std::size_t position>
consteval std::size_t values_of_member() {
  if constexpr (braces > 0) {
    // From the most downwards: if it got more than it takes, empty braces would come to the last one that needs a
    // value.
    return extent_from<T, head, braces, position, head - position>();
  } else if constexpr (fits_nested<T, position, 0, head - position - 1, 0>()) {
    return 1;
  } else {
    // From the least upwards: if it got fewer than it takes, others would be left over.
    return extent_from<T, head, 0, position, 2>();
  }
}

// A probe that a member takes only if it is what is asked for, and not because it takes anything.
template <class T, class Probe, std::size_t head, std::size_t braces, std::size_t tail = 0>
consteval bool is_taken() {
  if constexpr (braces == 0) {
    return fits_values<T>(NoProbe(), values<head>, Types<Probe>(), values<tail>) &&
           !fits_values<T>(NoProbe(), values<head>, Types<NoInitialiser>(), values<tail>);
  } else {
    return fits<T, head, braces, NoProbe, Types<Probe>>() && !fits<T, head, braces, NoProbe, Types<NoInitialiser>>();
  }
}

// What the values are for, from the one at `position` on.
template <class T, std::size_t head, std::size_t braces, std::size_t position = 0>
consteval Layout layout_of_values() {
  if constexpr (position >= head) {
    return {};
  } else if constexpr (is_taken<T, AnyAnonymous, position, 0, head - position - 1>()) {
    return {Obstacle::anonymous};
  } else {
    constexpr Layout rest =
        layout_of_values<T, head, braces, position + values_of_member<T, head, braces, position>()>();
    return {rest.obstacle, 0, rest.fields + 1};
  }
}

// Whether one of the members from `first` to before `last` behind the values is an anonymous union or struct.
template <class T, std::size_t head, std::size_t first, std::size_t last>
consteval bool has_anonymous_among() {
  if constexpr (first >= last) {
    return false;
  } else {
    return is_taken<T, AnyAnonymous, head, first>() || has_anonymous_among<T, head, first + 1, last>();
  }
}

// Whether what comes first in T is a base class. One that can be made from anything is, for AnyBase, made in two ways,
// so that it is made in none; a member that can be made from anything is made in one.
template <class T, std::size_t others, class... Bases>
consteval bool has_base_class() {
  constexpr bool takes_base = fits<T, others, 0, Types<Bases..., AnyBase<T>>>();
  constexpr bool takes_anything = fits<T, others, 0, Types<Bases..., NoInitialiser>>();
  return takes_base != takes_anything;
}

// Base classes come before the members. How many T has, if all are empty.
template <class T, class... Bases>
consteval Layout layout_of_bases(Types<Bases...>) {
  if constexpr (!has_base_class<T, 0, Bases...>()) {
    return {Obstacle::none, sizeof...(Bases)};
  } else if constexpr (fits<T, 0, 0, Types<Bases..., AnyEmptyBase<T>>>() &&
                       !fits<T, 0, 0, Types<Bases..., NoInitialiser>>()) {
    return layout_of_bases<T>(Types<Bases..., AnyEmptyBase<T>>());
  } else {
    return {Obstacle::base_class};
  }
}

template <class T, std::size_t head>
consteval Layout layout_behind_values() {
  constexpr std::size_t braces = count_braces<T, head>();
  if constexpr (braces > most_fields) {
    return {Obstacle::too_many};
  } else {
    constexpr Layout front = head == 0 ? layout_of_bases<T>(NoProbe()) : layout_of_values<T, head, braces>();
    if constexpr (front.obstacle != Obstacle::none) {
      return front;
    } else if constexpr (front.fields + braces > most_fields) {
      return {Obstacle::too_many};
    } else if constexpr (has_anonymous_among<T, head, front.bases, braces>()) {
      return {Obstacle::anonymous};
    } else {
      return {Obstacle::none, front.bases, front.fields + braces - front.bases};
    }
  }
}

template <class T>
consteval Layout find_layout() {
  if constexpr (requires { std::tuple_size<T>::value; }) {
    return {Obstacle::unknown};  // structured bindings would take that for granted
  } else {
    constexpr std::size_t head = needed_values<T>();
    if constexpr (head > most_values) {
      return {Obstacle::unknown};
    } else if constexpr (head > 0) {
      if constexpr (has_base_class<T, head - 1>()) {
        return {Obstacle::base_class};
      } else {
        return layout_behind_values<T, head>();
      }
    } else {
      return layout_behind_values<T, 0>();
    }
  }
}

template <class T>
inline constexpr Layout layout = find_layout<T>();

}  // namespace concurrent::pickle::inline v0::detail
