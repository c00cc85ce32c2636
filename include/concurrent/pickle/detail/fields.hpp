// SPDX-License-Identifier: BSL-1.0
// The members of an aggregate as references, in order, by structured bindings.
#pragma once

#include <concurrent/pickle/detail/field_count.hpp>

#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// Structured bindings do not reach the members of a base class; one without members does not matter.
template <class T>
consteval bool has_base() {
  return layout<T>.obstacle == Obstacle::base_class;
}

// Whether the members of an aggregate can be enumerated.
template <class T>
consteval bool has_visible_fields() {
  return layout<T>.obstacle == Obstacle::none && layout<T>.fields > 0;
}

template <class T, bool are_visible = has_visible_fields<T>()>
struct MembersOf {
  using type = Members<true>;
};
template <class T>
struct MembersOf<T, true> {
  using type = decltype(Fields<layout<T>.fields>::members(std::declval<T&>()));
};

// The declared types of the members as Types<...>, const and references included.
template <class T>
using FieldTypes = typename MembersOf<T>::type::List;

template <class... Ts>
consteval bool is_any_array(Types<Ts...>) {
  return (std::is_array_v<Ts> || ...);
}
template <class T>
inline constexpr bool has_arrays = is_any_array(FieldTypes<T>());

// Whether references to the members can be had; a bit-field has none.
template <class T>
inline constexpr bool has_referable_fields = MembersOf<T>::type::referable;

// Calls visit(members...) and returns what it returns. T may be const.
template <class T, class Visit>
constexpr decltype(auto) visit_fields(T& value, Visit&& visit) {
  return Fields<layout<std::remove_const_t<T>>.fields>::visit(value, std::forward<Visit>(visit));
}

}  // namespace concurrent::pickle::inline v0::detail
