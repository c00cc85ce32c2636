// SPDX-License-Identifier: BSL-1.0
// set, map, their multi- and unordered forms, and containers of other libraries that are used like them; queue, stack,
// priority_queue. What they compare or hash with travels before the elements, where it has a state.
#pragma once

#include <concurrent/pickle/detail/container_state.hpp>
#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/pickler.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

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
struct Codec<T, Kind::associative> {
  using Element = typename AssociativeElement<T>::type;
  using State = ContainerState<T>;
  using Parts = typename WithState<Element, typename State::Parts>::type;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }

  static void dump(Writer& writer, const T& value) {
    const Depth depth(writer);
    State::dump(writer, value);
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
    T value = State::load(reader);
    const std::size_t count = reader.get_count(element_size<Element>);
    if constexpr (requires { value.reserve(count); }) value.reserve(trusted_count<Element>(reader, count));
    // Ordered ones were written in order, so that the end is the right place for each.
    for (std::size_t i = 0; i < count; ++i) value.emplace_hint(value.end(), load_element<Element>(reader));
    if (value.size() != count) [[unlikely]]
      reader.refuse("a set or map has the same key twice, or does not take all of its elements");
    return value;
  }
};

// Gives access to what the standard's adaptors keep as protected members.
template <class T>
struct AdaptedContainer : T {
  static const typename T::container_type& of(const T& adaptor) { return adaptor.*(&AdaptedContainer::c); }
  static const auto& comparator_of(const T& adaptor) { return adaptor.*(&AdaptedContainer::comp); }
};

template <class T>
struct AdaptorState {
  using type = NoState;
};
template <class T>
  requires requires { typename T::value_compare; }
struct AdaptorState<T> {
  using type = StateOf<typename T::value_compare>;
};

template <class T>
struct Codec<T, Kind::adaptor> {
  using Container = typename T::container_type;
  using Parts = Types<Container, typename AdaptorState<T>::type>;
  static constexpr bool has_order = requires { typename T::value_compare; };
  static constexpr std::size_t minimum_size() { return detail::minimum_size<Container>(); }

  static void dump(Writer& writer, const T& value) {
    if constexpr (has_order) detail::dump_state(writer, AdaptedContainer<T>::comparator_of(value));
    Pickler<Container>::dump(writer, AdaptedContainer<T>::of(value));
  }

  static T load(Reader& reader) {
    if constexpr (has_order) {
      // which puts the elements in the order of a heap, whatever order they come in
      auto compare = load_state<typename T::value_compare>(reader);
      return T(std::move(compare), Pickler<Container>::load(reader));
    } else {
      return T(Pickler<Container>::load(reader));
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
