// SPDX-License-Identifier: BSL-1.0
// set, map, their multi- and unordered forms, and containers of other libraries that are used like them; queue, stack,
// priority_queue.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0 {
namespace detail {

template <class T>
struct AssociativeElement {
  using type = typename T::value_type;
};
// A map's elements have a constant key, which could only be copied into the map; without the const it is moved.
template <class T>
requires requires { typename T::mapped_type; }
struct AssociativeElement<T> {
  using type = std::pair<typename T::key_type, typename T::mapped_type>;
};

template <class T>
struct Form<T, Kind::associative> {
  using Element = typename AssociativeElement<T>::type;
  using Parts = Types<Element>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }

  static void dump(Writer& writer, const T& value) {
    const Depth depth(writer);
    writer.put(static_cast<std::uint64_t>(value.size()));
    for (const auto& element : value) {
      if constexpr (requires { typename T::mapped_type; }) {
        if constexpr (needs_element_mark<Element>) writer.put(std::byte{0});
        Pickler<typename T::key_type>::dump(writer, element.first);
        Pickler<typename T::mapped_type>::dump(writer, element.second);
      } else {
        dump_element<Element>(writer, element);
      }
    }
  }

  static T load(Reader& reader) {
    const Depth depth(reader);
    const std::size_t count = reader.get_count(element_size<Element>);
    T value;
    if constexpr (requires { value.reserve(count); }) value.reserve(trusted_count<Element>(reader, count));
    // Ordered ones were written in order, so that the end is the right place for each.
    for (std::size_t i = 0; i < count; ++i) value.emplace_hint(value.end(), load_element<Element>(reader));
    if (value.size() != count) [[unlikely]]
      reader.refuse("a set or map has the same key twice");
    return value;
  }
};

// Gives access to the container that the standard's adaptors keep as a protected member.
template <class T>
struct AdaptedContainer : T {
  static const typename T::container_type& of(const T& adaptor) { return adaptor.*(&AdaptedContainer::c); }
};

template <class T>
struct Form<T, Kind::adaptor> {
  using Container = typename T::container_type;
  using Parts = Types<Container>;
  static constexpr std::size_t minimum_size() { return detail::minimum_size<Container>(); }
  static void dump(Writer& writer, const T& value) { Pickler<Container>::dump(writer, AdaptedContainer<T>::of(value)); }
  static T load(Reader& reader) {
    if constexpr (requires { typename T::value_compare; }) {
      // which puts the elements in the order of a heap, whatever order they come in
      return T(typename T::value_compare(), Pickler<Container>::load(reader));
    } else {
      return T(Pickler<Container>::load(reader));
    }
  }
};

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
