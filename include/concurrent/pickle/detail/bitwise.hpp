// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/fields.hpp>
#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

template <class T>
consteval bool is_bitwise();

template <class... Ts>
consteval bool are_bitwise(Types<Ts...>) {
  return (is_bitwise<std::remove_const_t<Ts>>() && ...);
}

// Whether a value is its bytes and every pattern of bytes is a value, so that runs of it move as one block. Not bool,
// of whose 256 patterns two are values, and nothing that holds an address.
template <class T>
consteval bool is_bitwise() {
  if constexpr (std::is_array_v<T>) {
    return is_bitwise<std::remove_cv_t<std::remove_all_extents_t<T>>>();
  } else if constexpr (!std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (has_own_pickler<T>) {
    return false;
  } else {
    constexpr Kind kind = kind_of<T>();
    if constexpr (kind == Kind::scalar) {
      return !std::is_null_pointer_v<T>;
    } else if constexpr (kind == Kind::bitwise || kind == Kind::calendar) {
      return true;
    } else if constexpr (kind == Kind::array || kind == Kind::complex) {
      return is_bitwise<typename T::value_type>();
    } else if constexpr (kind == Kind::duration) {
      return is_bitwise<typename T::rep>();
    } else if constexpr (kind == Kind::time_point) {
      return is_bitwise<typename T::duration>();
    } else if constexpr (kind == Kind::aggregate) {
      if constexpr (has_visible_fields<T>()) {
        return are_bitwise(FieldTypes<T>());
      } else {
        return false;
      }
    } else {
      return false;
    }
  }
}

// Writers align by at most this; blocks of stricter types are copied all the same, only not read in place.
template <class T>
inline constexpr std::size_t block_alignment = alignof(T) <= 64 ? alignof(T) : 64;

}  // namespace concurrent::pickle::inline v0::detail
