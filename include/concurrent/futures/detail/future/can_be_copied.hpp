// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstdlib>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// Whether T can be copied in truth. std::vector<std::unique_ptr<X>> says that it can and cannot, and so does an
/// aggregate with such a member: what containers, tuples, variants and aggregates hold is looked at. `Outer`: types
/// that are being looked at already, for those that hold themselves.
template <class T, class... Outer>
constexpr bool can_be_copied();

// Stands for one initializer of an aggregate.
struct AnyField {
  template <class T>
  operator T() const {
    std::abort();  // never called
  }
};
// The same, for fields that can be copied.
template <class... Outer>
struct CopyableField {
  template <class T>
    requires(!std::is_same_v<T, CopyableField>) && (can_be_copied<T, Outer...>())
  operator T() const {
    std::abort();
  }
};

template <std::size_t>
using AnyFieldAt = AnyField;

template <class T, class Field, std::size_t... before, std::size_t... after>
constexpr bool takes_field(std::index_sequence<before...>, std::index_sequence<after...>) {
  return requires { T{AnyFieldAt<before>()..., Field(), AnyFieldAt<after>()...}; };
}
template <class T, std::size_t... all>
constexpr bool takes_fields(std::index_sequence<all...>) {
  return requires { T{AnyFieldAt<all>()...}; };
}

inline constexpr std::size_t most_fields_looked_at = 24;

// How many initializers T takes; with more than are looked at, none.
template <class T, std::size_t count = most_fields_looked_at>
constexpr std::size_t initializers_of() {
  if constexpr (count == 0) {
    return 0;
  } else if constexpr (takes_fields<T>(std::make_index_sequence<count>())) {
    return count == most_fields_looked_at ? 0 : count;
  } else {
    return initializers_of<T, count - 1>();
  }
}

// A field that cannot be copied takes no CopyableField. If it is an aggregate its first member may take it instead, and
// then T takes one initializer more.
template <class T, class Field, std::size_t at, std::size_t count>
constexpr bool field_can_be_copied() {
  using Before = std::make_index_sequence<at>;
  return takes_field<T, Field>(Before(), std::make_index_sequence<count - at - 1>()) &&
         !takes_field<T, Field>(Before(), std::make_index_sequence<count - at>());
}
template <class T, class Field, std::size_t... at>
constexpr bool fields_can_be_copied(std::index_sequence<at...>) {
  return (field_can_be_copied<T, Field, at, sizeof...(at)>() && ...);
}

template <class T, class... Outer, std::size_t... i>
constexpr bool elements_can_be_copied(std::index_sequence<i...>) {
  return (can_be_copied<std::remove_cv_t<std::tuple_element_t<i, T>>, Outer...>() && ...);
}

// std::variant, without <variant>.
template <class T>
concept Alternatives = requires(const T& value) {
  value.valueless_by_exception();
  value.index();
};
template <class T, class... Outer>
struct AlternativesCanBeCopied : std::true_type {};
template <template <class...> class Variant, class... Types, class... Outer>
struct AlternativesCanBeCopied<Variant<Types...>, Outer...>
    : std::bool_constant<(can_be_copied<Types, Variant<Types...>, Outer...>() && ...)> {};

template <class T, class... Outer>
constexpr bool can_be_copied() {
  if constexpr (!std::is_copy_constructible_v<T>) {
    return false;
  } else if constexpr (std::is_trivially_copyable_v<T> || (std::is_same_v<T, Outer> || ...)) {
    return true;
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return elements_can_be_copied<T, T, Outer...>(std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (requires { typename T::value_type; }) {
    if constexpr (std::is_void_v<typename T::value_type>) {
      return true;
    } else {
      return can_be_copied<std::remove_cv_t<typename T::value_type>, T, Outer...>();
    }
  } else if constexpr (Alternatives<T>) {
    return AlternativesCanBeCopied<T, Outer...>::value;
  } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
    return fields_can_be_copied<T, CopyableField<T, Outer...>>(std::make_index_sequence<initializers_of<T>()>());
  } else {
    return true;
  }
}

}  // namespace concurrent::futures::inline v0::detail
