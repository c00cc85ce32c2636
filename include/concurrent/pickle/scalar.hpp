// SPDX-License-Identifier: BSL-1.0
// Numbers, enums, empty classes, and what the program has declared to be its bytes.
#pragma once

#include <concurrent/pickle/detail/bitwise.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>

namespace concurrent::pickle::inline v0::detail {

template <class T>
struct ByBytes {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return sizeof(T); }
  static void dump(Writer& writer, const T& value) { writer.put(value); }
  static T load(Reader& reader) {
    // bit_cast, as T need not have a default constructor
    return std::bit_cast<T>(reader.get<std::array<std::byte, sizeof(T)>>());
  }
};

template <class T>
struct Codec<T, Kind::scalar> : ByBytes<T> {};
template <class T>
struct Codec<T, Kind::bitwise> : ByBytes<T> {};
template <class T>
struct Codec<T, Kind::calendar> : ByBytes<T> {};

template <>
struct Codec<std::nullptr_t, Kind::scalar> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return 0; }
  static void dump(Writer&, std::nullptr_t) {}
  static std::nullptr_t load(Reader&) { return nullptr; }
};

template <>
struct Codec<bool, Kind::boolean> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, bool value) { writer.put(static_cast<unsigned char>(value)); }
  static bool load(Reader& reader) {
    const auto byte = reader.get_once<unsigned char>();
    if (byte > 1) [[unlikely]]
      reader.refuse("a bool is neither 0 nor 1");
    return byte != 0;
  }
};

template <class T>
struct Codec<T, Kind::empty> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return 0; }
  static void dump(Writer&, const T&) {}
  static T load(Reader&) {
    if constexpr (std::is_default_constructible_v<T>) {
      return T();
    } else {
      return std::bit_cast<T>(std::array<std::byte, sizeof(T)>{});
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
