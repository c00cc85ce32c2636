// SPDX-License-Identifier: BSL-1.0
// std::valarray, known by its name, so that its header is not needed here. Its bytes are those of a std::vector.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/strings.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace concurrent::pickle::inline v0::detail {

template <class T>
struct Codec<T, Kind::valarray> {
  using Element = typename T::value_type;
  using Parts = Types<Element>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }

  static void dump(Writer& writer, const T& value) {
    if constexpr (is_bitwise<Element>()) {
      dump_block(writer, value.size() == 0 ? nullptr : &value[0], value.size());
    } else {
      const Depth depth(writer);
      writer.put(static_cast<std::uint64_t>(value.size()));
      for (std::size_t i = 0; i < value.size(); ++i) dump_element<Element>(writer, value[i]);
    }
  }

  static T load(Reader& reader) {
    if constexpr (is_bitwise<Element>()) {
      const auto [block, count] = view_block<Element>(reader);
      T value(count);
      if (count != 0) std::memcpy(&value[0], block, count * sizeof(Element));
      return value;
    } else {
      const Depth depth(reader);
      const std::size_t count = reader.get_count(element_size<Element>);
      if constexpr (element_size<Element> >= sizeof(Element)) {
        T value(count);
        for (std::size_t i = 0; i < count; ++i) value[i] = load_element<Element>(reader);
        return value;
      } else {  // It cannot grow, and the input justifies no room for all before they are there.
        std::vector<Element> elements;
        elements.reserve(trusted_count<Element>(reader, count));
        for (std::size_t i = 0; i < count; ++i) elements.push_back(load_element<Element>(reader));
        return T(elements.data(), elements.size());
      }
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
