// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/customisation.hpp>
#include <concurrent/pickle/detail/type_families.hpp>
#include <concurrent/pickle/detail/type_name.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

/// Says that a trivially copyable class that is no aggregate may travel as its bytes:
/// ```cpp
/// template <> inline constexpr bool concurrent::pickle::enable_bitwise<Money> = true;
/// ```
/// It must hold no pointer: another process has other addresses.
template <class T>
inline constexpr bool enable_bitwise = false;

/// Says that a container of the program's own, or of a library that is not known here, holds its elements and nothing
/// else, so that it may travel as they do:
/// ```cpp
/// template <class T> inline constexpr bool concurrent::pickle::enable_container<app::Ring<T>> = true;
/// ```
/// It is made empty, and then filled with `push_back`, `insert_after` or `emplace_hint`. Its comparator, or its hash
/// and equality, travel with it where they have state. Those of the standard library, of Boost.Container and of
/// Boost.Unordered are known.
template <class T>
inline constexpr bool enable_container = false;

namespace detail {

template <class T>
inline constexpr bool is_known_container =
    enable_container<T> || type_name<T>().starts_with("std::") || type_name<T>().starts_with("boost::container::") ||
    type_name<T>().starts_with("boost::unordered::");

enum class Kind {
  refused,
  custom,
  boolean,
  scalar,
  function,
  member_pointer,
  bitwise,
  empty,
  string,
  string_view,
  span,
  array,
  tuple,
  optional,
  variant,
  expected,
  sequence,
  valarray,
  associative,
  adaptor,
  duration,
  time_point,
  calendar,
  bitset,
  random_engine,
  complex,
  path,
  unique_ptr,
  shared_ptr,
  weak_ptr,
  exception_ptr,
  exception,
  error_code,
  aggregate,
};

// The one place that says which rule applies to a type: from the user's word over what is known of the standard
// library's types to the general rules.
template <class T>
consteval Kind kind_of() {
  if constexpr (std::is_reference_v<T> || std::is_void_v<T> || std::is_const_v<T> || std::is_volatile_v<T>) {
    return Kind::refused;
  } else if constexpr (std::is_same_v<T, bool>) {
    return Kind::boolean;
  } else if constexpr (is_number<T> || std::is_null_pointer_v<T>) {
    return Kind::scalar;
  } else if constexpr (std::is_pointer_v<T>) {
    return std::is_function_v<std::remove_pointer_t<T>> ? Kind::function : Kind::refused;
  } else if constexpr (std::is_member_pointer_v<T>) {
    return Kind::member_pointer;
  } else if constexpr (is_array<T>) {
    return Kind::array;
  } else if constexpr (std::is_enum_v<T>) {
    return customisation_of<T>() != Customisation::none ? Kind::custom : Kind::scalar;
  } else if constexpr (!std::is_class_v<T>) {  // unions, arrays without a bound, functions
    return customisation_of<T>() != Customisation::none ? Kind::custom : Kind::refused;
  } else if constexpr (is_closure<T>) {
    // With captures it is a callable, see callable.hpp, and no value: nobody would look at what it captures.
    return std::is_empty_v<T> && std::is_trivially_copyable_v<T> ? Kind::empty : Kind::refused;
  } else if constexpr (customisation_of<T>() != Customisation::none) {
    return std::is_base_of_v<std::exception, T> ? Kind::exception : Kind::custom;
  } else if constexpr (enable_bitwise<T>) {
    static_assert(std::is_trivially_copyable_v<T>,
                  "concurrent::pickle: enable_bitwise is set for a type that is not trivially copyable. "
                  "Give it a serialize(archive) function instead.");
    return Kind::bitwise;
  } else if constexpr (is_string<T>) {
    return Kind::string;
  } else if constexpr (is_string_view<T>) {
    return Kind::string_view;
  } else if constexpr (is_span<T>) {
    return Kind::span;
  } else if constexpr (is_tuple<T>) {
    return Kind::tuple;
  } else if constexpr (is_optional<T>) {
    return Kind::optional;
  } else if constexpr (is_variant<T>) {
    return Kind::variant;
  } else if constexpr (ExpectedShape<T>) {
    return Kind::expected;
  } else if constexpr (is_exception_ptr<T>) {
    return Kind::exception_ptr;
  } else if constexpr (is_error_code<T>) {
    return Kind::error_code;
  } else if constexpr (PathShape<T>) {
    return Kind::path;
  } else if constexpr (is_known_container<T> && AssociativeShape<T>) {
    return Kind::associative;
  } else if constexpr (is_known_container<T> && SequenceShape<T>) {
    return Kind::sequence;
  } else if constexpr (is_valarray<T>()) {
    return Kind::valarray;
  } else if constexpr (is_random_engine<T>()) {
    return Kind::random_engine;
  } else if constexpr (is_of_library<T> && AdaptorShape<T>) {
    return Kind::adaptor;
  } else if constexpr (SharedPointerShape<T>) {
    return Kind::shared_ptr;
  } else if constexpr (WeakPointerShape<T>) {
    return Kind::weak_ptr;
  } else if constexpr (UniquePointerShape<T>) {
    return Kind::unique_ptr;
  } else if constexpr (DurationShape<T>) {
    return Kind::duration;
  } else if constexpr (TimePointShape<T>) {
    return Kind::time_point;
  } else if constexpr (CalendarShape<T>) {
    return Kind::calendar;
  } else if constexpr (BitsetShape<T>) {
    return Kind::bitset;
  } else if constexpr (ComplexShape<T>) {
    return Kind::complex;
  } else if constexpr (std::is_empty_v<T> && std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
                       !is_known_handle<T>()) {
    return Kind::empty;
  } else if constexpr (std::is_aggregate_v<T>) {
    return Kind::aggregate;
  } else if constexpr (std::is_base_of_v<std::exception, T> && std::is_copy_constructible_v<T>) {
    return Kind::exception;
  } else {
    return Kind::refused;
  }
}

}  // namespace detail

}  // namespace concurrent::pickle::inline v0
