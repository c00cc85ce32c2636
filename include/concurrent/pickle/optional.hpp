// SPDX-License-Identifier: BSL-1.0
// std::optional, std::variant and std::expected: a tag, then what is there.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace concurrent::pickle::inline v0::detail {

// A yes or no about what follows.
inline bool load_flag(Reader& reader, const char* what) {
  const auto flag = reader.get_once<unsigned char>();
  if (flag > 1) [[unlikely]]
    reader.refuse(std::string("the flag of ") + what + " is neither 0 nor 1");
  return flag != 0;
}
inline void dump_flag(Writer& writer, bool flag) { writer.put(static_cast<unsigned char>(flag)); }

template <class T>
struct Codec<std::optional<T>, Kind::optional> {
  using Parts = Types<T>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, const std::optional<T>& value) {
    dump_flag(writer, value.has_value());
    if (value) Pickler<std::remove_const_t<T>>::dump(writer, *value);
  }
  static std::optional<T> load(Reader& reader) {
    if (!load_flag(reader, "an optional")) return std::nullopt;
    return std::optional<T>(Pickler<std::remove_const_t<T>>::load(reader));
  }
};

template <class... Ts>
struct Codec<std::variant<Ts...>, Kind::variant> {
  using Variant = std::variant<Ts...>;
  using Parts = Types<Ts...>;
  using Index = std::conditional_t<(sizeof...(Ts) < 256), std::uint8_t, std::uint32_t>;
  static constexpr std::size_t minimum_size() { return sizeof(Index); }

  static void dump(Writer& writer, const Variant& value) {
    if (value.valueless_by_exception()) [[unlikely]] {
      throw PicklingError(
          "concurrent::pickle: a std::variant that is valueless_by_exception cannot be pickled. Assign it a value.");
    }
    writer.put(static_cast<Index>(value.index()));
    dump_alternative(writer, value, std::index_sequence_for<Ts...>());
  }

  static Variant load(Reader& reader) {
    const Depth depth(reader);
    const auto index = reader.get_once<Index>();
    if (index >= sizeof...(Ts)) [[unlikely]] {
      reader.refuse("a variant's index is " + std::to_string(index) + " of " + std::to_string(sizeof...(Ts)));
    }
    return load_alternative<0>(reader, index);
  }

 private:
  template <std::size_t... i>
  static void dump_alternative(Writer& writer, const Variant& value, std::index_sequence<i...>) {
    // One pass over the indices, as std::visit would build a table of functions for each type.
    static_cast<void>(
        ((value.index() == i ? (Pickler<std::remove_const_t<Ts>>::dump(writer, *std::get_if<i>(&value)), true)
                             : false) ||
         ...));
  }

  template <std::size_t i>
  static Variant load_alternative(Reader& reader, std::size_t index) {
    if constexpr (i + 1 < sizeof...(Ts)) {
      if (index != i) return load_alternative<i + 1>(reader, index);
    }
    return Variant(std::in_place_index<i>,
                   Pickler<std::remove_const_t<std::variant_alternative_t<i, Variant>>>::load(reader));
  }
};

template <class T>
struct Codec<T, Kind::expected> {
  using Value = typename T::value_type;
  using Error = typename T::error_type;
  using Parts = std::conditional_t<std::is_void_v<Value>, Types<Error>, Types<Value, Error>>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, const T& value) {
    dump_flag(writer, value.has_value());
    if (!value.has_value()) {
      Pickler<Error>::dump(writer, value.error());
    } else if constexpr (!std::is_void_v<Value>) {
      Pickler<Value>::dump(writer, *value);
    }
  }
  static T load(Reader& reader) {
    if (!load_flag(reader, "an expected")) return typename T::unexpected_type(Pickler<Error>::load(reader));
    if constexpr (std::is_void_v<Value>) {
      return T();
    } else {
      return T(Pickler<Value>::load(reader));
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
