// SPDX-License-Identifier: BSL-1.0
// std::complex, std::bitset, std::filesystem::path: known by their shapes, so that their headers are not needed here.
#pragma once

#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/strings.hpp>

#include <cstddef>

namespace concurrent::pickle::inline v0::detail {

template <class T>
struct Codec<T, Kind::complex> {
  using Value = typename T::value_type;
  using Parts = Types<Value>;
  static constexpr std::size_t minimum_size() { return 2 * detail::minimum_size<Value>(); }
  static void dump(Writer& writer, const T& value) {
    Pickler<Value>::dump(writer, value.real());
    Pickler<Value>::dump(writer, value.imag());
  }
  static T load(Reader& reader) {
    const auto real = Pickler<Value>::load(reader);
    return T(real, Pickler<Value>::load(reader));
  }
};

template <class T>
struct Codec<T, Kind::bitset> {
  static constexpr std::size_t bits = T().size();
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return (bits + 7) / 8; }

  static void dump(Writer& writer, const T& value) {
    std::byte* bytes = writer.claim(minimum_size());
    for (std::size_t i = 0; i < minimum_size(); ++i) bytes[i] = std::byte{0};
    for (std::size_t i = 0; i < bits; ++i) {
      if (value[i]) bytes[i / 8] |= std::byte{1} << (i % 8);
    }
  }

  static T load(Reader& reader) {
    T value;
    for (std::size_t i = 0; i < bits; i += 8) {
      const auto byte = reader.get_once<unsigned char>();
      if (bits - i < 8 && byte >> (bits - i) != 0) [[unlikely]]
        reader.refuse("a bitset has more bits than its type");
      for (std::size_t j = 0; j < 8 && i + j < bits; ++j) value[i + j] = (byte >> j & 1) != 0;
    }
    return value;
  }
};

template <class T>
struct Codec<T, Kind::path> {
  using String = typename T::string_type;
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return detail::minimum_size<String>(); }
  static void dump(Writer& writer, const T& value) { Pickler<String>::dump(writer, value.native()); }
  static T load(Reader& reader) { return T(Pickler<String>::load(reader)); }
};

}  // namespace concurrent::pickle::inline v0::detail
