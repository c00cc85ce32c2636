// SPDX-License-Identifier: BSL-1.0
// std::basic_string, std::basic_string_view and std::span. All three, and a vector of plain values, have the same
// bytes: the number of elements, padding, the elements as one block. So what was sent as the one can be read as the
// other.
#pragma once

#include <concurrent/pickle/detail/bitwise.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

template <class Element>
void dump_block(Writer& writer, const Element* elements, std::size_t count) {
  writer.put<std::uint64_t>(count);
  if constexpr (alignof(Element) > 1) writer.align(block_alignment<Element>);
  writer.write(elements, count * sizeof(Element));
}

// The block's first byte and the number of elements in it.
template <class Element>
std::pair<const std::byte*, std::size_t> view_block(Reader& reader) {
  const std::size_t count = reader.get_count(sizeof(Element));
  if constexpr (alignof(Element) > 1) reader.align(block_alignment<Element>);
  return {reader.view(count * sizeof(Element)), count};
}

template <class T>
struct Codec<T, Kind::string> {
  using Element = typename T::value_type;
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }
  static void dump(Writer& writer, const T& value) { dump_block(writer, value.data(), value.size()); }
  static T load(Reader& reader) {
    const auto [block, count] = view_block<Element>(reader);
    if constexpr (sizeof(Element) == 1) {
      return T(reinterpret_cast<const Element*>(block), count);
    } else {  // which may stand at an address that is not aligned
      T value(count, Element());
      std::memcpy(value.data(), block, count * sizeof(Element));
      return value;
    }
  }
};

// Reads elements where they stand.
template <class Element>
std::span<const Element> load_in_place(Reader& reader) {
  if (!reader.views_allowed()) {
    throw UnpicklingError(
        "concurrent::pickle: a view (std::string_view, std::span) cannot be loaded here, it would dangle. "
        "Load a std::string or a std::vector.");
  }
  const auto [block, count] = view_block<Element>(reader);
  if (reinterpret_cast<std::uintptr_t>(block) % alignof(Element) != 0) [[unlikely]] {
    reader.refuse("the bytes do not begin at an aligned address, so that they cannot be viewed in place");
  }
  return {reinterpret_cast<const Element*>(block), count};
}

template <class T>
struct Codec<T, Kind::string_view> {
  using Element = typename T::value_type;
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }
  static void dump(Writer& writer, const T& value) { dump_block(writer, value.data(), value.size()); }
  static T load(Reader& reader) {
    const std::span<const Element> elements = load_in_place<Element>(reader);
    return T(elements.data(), elements.size());
  }
};

template <class Element, std::size_t extent>
struct Codec<std::span<Element, extent>, Kind::span> {
  using Value = std::remove_const_t<Element>;
  using Parts = Types<Value>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }
  static void dump(Writer& writer, std::span<Element, extent> value) { dump_block(writer, value.data(), value.size()); }
  static std::span<Element, extent> load(Reader& reader) {
    const std::span<const Value> elements = load_in_place<Value>(reader);
    if constexpr (extent != std::dynamic_extent) {
      if (elements.size() != extent) [[unlikely]]
        reader.refuse("a span of fixed length has another length");
    }
    return std::span<Element, extent>(elements.data(), elements.size());
  }
};

}  // namespace concurrent::pickle::inline v0::detail
