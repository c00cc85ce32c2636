// SPDX-License-Identifier: BSL-1.0
// Why a type cannot be pickled, and which part of it is to blame.
#pragma once

#include <concurrent/pickle/detail/bitwise.hpp>
#include <concurrent/pickle/detail/container_state.hpp>
#include <concurrent/pickle/detail/filling.hpp>
#include <concurrent/pickle/detail/inherited_customisation.hpp>
#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

enum class Refusal {
  none,
  nothing,
  reference,
  reference_wrapper,
  string_pointer,
  raw_pointer,
  handle,
  view,
  mutable_span,
  scattered_span,
  std_function,
  std_bind,
  closure,
  unique_array,
  shared_array,
  deleter,
  abstract_class,
  union_type,
  volatile_type,
  base_class,
  inherited,
  anonymous_member,
  too_many_fields,
  fields,
  container,
  allocator,
  eigen_type,
  json_type,
  class_type,
};

// What find_refusal returns: the reason, and the part of the type as a type.
template <class T>
struct Found {
  using type = T;
  Refusal reason;
};

template <class T>
inline constexpr bool is_std_function =
    type_name<T>().starts_with("std::function<") || type_name<T>().starts_with("std::move_only_function<");
// std::bind, bind_front, bind_back and their results, as libstdc++ and libc++ name them.
template <class T>
inline constexpr bool is_std_bind =
    type_name<T>().starts_with("std::_Bind") || type_name<T>().starts_with("std::__bind");
template <class T>
inline constexpr bool is_reference_wrapper = type_name<T>().starts_with("std::reference_wrapper<");
template <class T>
inline constexpr bool is_initializer_list = type_name<T>().starts_with("std::initializer_list<");

// Pointers to functions are spelled with their result's namespace first, and enumerations need nobody's help.
template <class T>
consteval bool is_class_of(std::string_view space) {
  return std::is_class_v<T> && type_name<T>().starts_with(space);
}

// Of std::shared_ptr<T[]>; the members that it has tell nothing with every standard library.
template <class T>
inline constexpr bool points_to_array = false;
template <template <class> class Pointer, class T>
inline constexpr bool points_to_array<Pointer<T>> = std::is_array_v<T>;

template <class T>
consteval Refusal refusal_of_pointer() {
  if constexpr (UniquePointerShape<T>) {
    if (std::is_array_v<typename T::element_type> || requires(const T& t) { t[0]; }) return Refusal::unique_array;
    if (!type_name<typename T::deleter_type>().starts_with("std::default_delete<")) return Refusal::deleter;
    using Element = std::remove_cv_t<typename T::element_type>;
    if (std::is_abstract_v<Element>) return Refusal::abstract_class;
  } else {
    if (points_to_array<T>) return Refusal::shared_array;
    using Element = std::remove_cv_t<typename T::element_type>;
    if (std::is_abstract_v<Element>) return Refusal::abstract_class;
  }
  return Refusal::none;
}

// Why this very type is refused, its parts aside.
template <class T, Role role>
consteval Refusal refusal_of_itself() {
  if constexpr (std::is_void_v<T>) {
    return Refusal::nothing;
  } else if constexpr (std::is_reference_v<T>) {
    return Refusal::reference;
  } else if constexpr (std::is_volatile_v<T>) {
    return Refusal::volatile_type;
  } else if constexpr (has_own_pickler<T>) {
    return Refusal::none;
  } else if constexpr (is_class_of<T>("Eigen::") && customisation_of<T>() == Customisation::none) {
    return Refusal::eigen_type;
  } else if constexpr (is_class_of<T>("nlohmann::") && customisation_of<T>() == Customisation::none) {
    return Refusal::json_type;
  } else {
    constexpr Kind kind = kind_of<T>();
    if constexpr (kind == Kind::string_view || kind == Kind::span) {
      if constexpr (role == Role::value) return Refusal::view;
      if constexpr (kind == Kind::span) {
        if constexpr (!std::is_const_v<typename T::element_type>) return Refusal::mutable_span;
        if constexpr (!is_bitwise<typename T::value_type>()) return Refusal::scattered_span;
      }
      return Refusal::none;
    } else if constexpr (kind == Kind::string || kind == Kind::sequence || kind == Kind::associative) {
      return loses_allocator<T>() ? Refusal::allocator : Refusal::none;
    } else if constexpr (kind == Kind::unique_ptr || kind == Kind::shared_ptr || kind == Kind::weak_ptr) {
      return refusal_of_pointer<T>();
    } else if constexpr (kind == Kind::aggregate) {
      if constexpr (is_known_handle<T>()) return Refusal::handle;
      if constexpr (is_initializer_list<T>) return Refusal::view;
      if constexpr (has_base<T>()) return ContainerShape<T> ? Refusal::container : Refusal::base_class;
      if constexpr (layout<T>.obstacle == Obstacle::anonymous) return Refusal::anonymous_member;
      if constexpr (layout<T>.obstacle == Obstacle::too_many) return Refusal::too_many_fields;
      if constexpr (!has_visible_fields<T>()) return Refusal::fields;
      if constexpr (!is_bitwise<T>() && has_arrays<T> && !can_be_filled<T>()) return Refusal::fields;
      return Refusal::none;
    } else if constexpr (kind == Kind::custom) {
      return inherits_customisation<T>() ? Refusal::inherited : Refusal::none;
    } else if constexpr (kind != Kind::refused) {
      return Refusal::none;
    } else if constexpr (std::is_pointer_v<T>) {
      using Target = std::remove_cv_t<std::remove_pointer_t<T>>;
      if constexpr (is_known_handle<Target>()) return Refusal::handle;
      return std::is_same_v<Target, char> || std::is_same_v<Target, wchar_t> || std::is_same_v<Target, char8_t> ||
                     std::is_same_v<Target, char16_t> || std::is_same_v<Target, char32_t>
                 ? Refusal::string_pointer
                 : Refusal::raw_pointer;
    } else if constexpr (std::is_union_v<T>) {
      return Refusal::union_type;
    } else if constexpr (is_closure<T>) {
      return Refusal::closure;
    } else if constexpr (is_reference_wrapper<T>) {
      return Refusal::reference_wrapper;
    } else if constexpr (is_std_function<T>) {
      return Refusal::std_function;
    } else if constexpr (is_std_bind<T>) {
      return Refusal::std_bind;
    } else if constexpr (is_initializer_list<T>) {
      return Refusal::view;
    } else if constexpr (is_known_handle<T>()) {
      return Refusal::handle;
    } else if constexpr (std::is_abstract_v<T>) {
      return Refusal::abstract_class;
    } else if constexpr (ContainerShape<T>) {
      return Refusal::container;
    } else {
      return Refusal::class_type;
    }
  }
}

// The types of the elements, members, alternatives.
template <class T>
consteval auto parts_of() {
  if constexpr (requires { typename Pickler<T>::Parts; }) {
    return static_cast<typename Pickler<T>::Parts*>(nullptr);
  } else if constexpr (has_own_pickler<T>) {
    return static_cast<Types<>*>(nullptr);
  } else {
    return static_cast<typename Codec<T>::Parts*>(nullptr);
  }
}

template <class T, Role role, class... Seen>
consteval auto find_refusal();

template <Role role, class... Seen>
consteval auto find_refusal_among(Types<>*) {
  return Found<void>{Refusal::none};
}

template <Role role, class... Seen, class First, class... Rest>
consteval auto find_refusal_among(Types<First, Rest...>*) {
  constexpr auto found = find_refusal<First, role, Seen...>();
  if constexpr (found.reason != Refusal::none) {
    return found;
  } else {
    return find_refusal_among<role, Seen...>(static_cast<Types<Rest...>*>(nullptr));
  }
}

// Looks for what cannot be pickled in T and, from left to right, in its parts. `Seen` are the aggregates and the
// program's own containers that T is a part of: a tree's node has children of its own type, which need no second look.
template <class Declared, Role role, class... Seen>
consteval auto find_refusal() {
  using T = std::remove_const_t<Declared>;
  if constexpr ((std::is_same_v<T, Seen> || ...)) {
    return Found<T>{Refusal::none};
  } else {
    constexpr Refusal own = refusal_of_itself<T, role>();
    if constexpr (own != Refusal::none) {
      return Found<T>{own};
    } else if constexpr (std::is_class_v<T> && (std::is_aggregate_v<T> || enable_container<T>)) {
      return find_refusal_among<role, Seen..., T>(parts_of<T>());
    } else {
      return find_refusal_among<role, Seen...>(parts_of<T>());
    }
  }
}

}  // namespace concurrent::pickle::inline v0::detail
