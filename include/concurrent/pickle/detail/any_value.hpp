// SPDX-License-Identifier: BSL-1.0
// Stand-ins for the initialisers of an aggregate's members. None can be copied or moved: so a class that takes whatever
// can be copied (std::any, say) does not take them, and lets them convert instead.
#pragma once

#include <concurrent/pickle/detail/type_name.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

// Converts to whatever type a member has.
struct AnyValue {
  explicit AnyValue(std::size_t = 0) noexcept;
  AnyValue(const AnyValue&) = delete;
  AnyValue& operator=(const AnyValue&) = delete;
  template <class T>
  operator T() const noexcept;  // never defined: it is used in unevaluated expressions only
};

// Converts to nothing. A member that takes it all the same takes anything.
struct NoInitialiser {
  NoInitialiser() noexcept;
  NoInitialiser(const NoInitialiser&) = delete;
  NoInitialiser& operator=(const NoInitialiser&) = delete;
};

template <class T, class Derived>
inline constexpr bool is_base_class = std::is_base_of_v<T, Derived> && !std::is_same_v<T, Derived>;

// Converts to the base classes of Derived, and to nothing else. The conversion is as good a match as a constructor that
// takes anything, so that a base class with one of those does not take it.
template <class Derived>
struct AnyBase {
  AnyBase() noexcept;
  AnyBase(const AnyBase&) = delete;
  AnyBase& operator=(const AnyBase&) = delete;
  template <class T>
    requires(is_base_class<T, Derived>)
  operator T() noexcept;
};
// The same for empty ones, which it makes when it is evaluated.
template <class Derived>
struct AnyEmptyBase {
  AnyEmptyBase() noexcept {}
  AnyEmptyBase(const AnyEmptyBase&) = delete;
  AnyEmptyBase& operator=(const AnyEmptyBase&) = delete;
  template <class T>
    requires(is_base_class<T, Derived> && std::is_empty_v<T> && std::is_default_constructible_v<T>)
  operator T() {
    return T();
  }
};

// Whether T is the type of an anonymous union or struct: one without a name whose members are used like those of the
// class around it.
template <class T>
consteval bool is_anonymous() {
  if constexpr (!std::is_class_v<T> && !std::is_union_v<T>) {
    return false;
  } else {
    constexpr std::string_view name = type_name<T>();
    if constexpr (name.find("(anonymous struct at ") != name.npos || name.find("(anonymous union at ") != name.npos) {
      return name.rfind("(anonymous ") > name.rfind("::");
    } else if constexpr (name.ends_with("<unnamed struct>") || name.ends_with("<unnamed union>")) {
      // GCC spells `struct { … };` like `struct { … } a;`, but nobody may use the constructors of the former: with GCC
      // 12 those that move, from 13 on those that copy. (It can have trivial members only.)
      return std::is_trivially_copyable_v<T> &&
             !(std::is_nothrow_move_constructible_v<T> && requires(const T& value) { T(value); });
    } else {
      return false;
    }
  }
}

struct AnyAnonymous {
  AnyAnonymous() noexcept;
  AnyAnonymous(const AnyAnonymous&) = delete;
  AnyAnonymous& operator=(const AnyAnonymous&) = delete;
  template <class T>
    requires(is_anonymous<T>())
  operator T() const noexcept;
};

}  // namespace concurrent::pickle::inline v0::detail
