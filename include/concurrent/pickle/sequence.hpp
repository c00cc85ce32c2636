// SPDX-License-Identifier: BSL-1.0
// vector, deque, list, forward_list and containers of other libraries that have push_back or insert_after; std::array
// and built-in arrays.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/detail/filling.hpp>
#include <concurrent/pickle/detail/large_pages.hpp>
#include <concurrent/pickle/strings.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

template <class T>
concept BlockShape = requires(T& t, const T& c) {
  { c.data() } -> std::same_as<const typename T::value_type*>;
  t.resize(std::size_t{});
} && is_bitwise<typename T::value_type>();

template <class T>
inline constexpr bool has_insert_after = requires(T& t) { t.before_begin(); };

template <class T>
struct Codec<T, Kind::sequence> {
  using Element = typename T::value_type;
  using Parts = Types<Element>;
  static constexpr std::size_t minimum_size() { return sizeof(std::uint64_t); }

  static void dump(Writer& writer, const T& value) {
    if constexpr (BlockShape<T>) {
      dump_block(writer, value.data(), value.size());
    } else {
      const Depth depth(writer);
      writer.put(static_cast<std::uint64_t>(std::distance(value.begin(), value.end())));
      // Converts for std::vector<bool>, whose elements are no objects; binds directly for the others.
      for (const Element& element : value) dump_element<Element>(writer, element);
    }
  }

  static T load(Reader& reader) {
    if constexpr (BlockShape<T>) {
      return load_block(reader);
    } else {
      const Depth depth(reader);
      const std::size_t count = reader.get_count(element_size<Element>);
      T value;
      check_room(reader, value, count);
      if constexpr (requires { value.reserve(count); }) value.reserve(trusted_count<Element>(reader, count));
      if constexpr (has_insert_after<T>) {
        auto last = value.before_begin();
        for (std::size_t i = 0; i < count; ++i) last = value.insert_after(last, load_element<Element>(reader));
      } else {
        for (std::size_t i = 0; i < count; ++i) value.push_back(load_element<Element>(reader));
      }
      check_all_taken(reader, value, count);
      return value;
    }
  }

 private:
  // A container of a fixed capacity, or one that drops elements. Those of the standard take what they are given.
  static constexpr bool takes_all = type_name<T>().starts_with("std::");

  static void check_room(Reader& reader, const T& value, std::size_t count) {
    if constexpr (requires { value.max_size(); }) {
      if (count > value.max_size()) [[unlikely]]
        refuse_count(reader, value.max_size(), count);
    }
  }
  static void check_all_taken(Reader& reader, const T& value, std::size_t count) {
    if constexpr (!takes_all) {
      const auto taken = static_cast<std::size_t>(std::distance(value.begin(), value.end()));
      if (taken != count) [[unlikely]]
        refuse_count(reader, taken, count);
    }
  }
  [[noreturn, gnu::cold]] static void refuse_count(Reader& reader, std::size_t taken, std::size_t count) {
    reader.refuse("the container takes " + std::to_string(taken) + " of " + std::to_string(count) + " elements");
  }

  [[gnu::noinline]] static T load_large(const Element* elements, std::size_t count) {
    T value;
    value.reserve(count);
    detail::prefer_large_pages(value.data(), count * sizeof(Element));
    value.assign(elements, elements + count);
    return value;
  }

  static T load_block(Reader& reader) {
    const auto [block, count] = view_block<Element>(reader);
    if constexpr (takes_all && std::is_constructible_v<T, const Element*, const Element*>) {
      // One pass instead of filling with zeros first. Pointers must be aligned, which a message's start decides.
      if (reinterpret_cast<std::uintptr_t>(block) % alignof(Element) == 0) {
        const auto* elements = reinterpret_cast<const Element*>(block);
        if constexpr (std::is_copy_assignable_v<Element> && requires(T value) {
                        value.reserve(count);
                        value.assign(elements, elements);
                      }) {
          if (count * sizeof(Element) >= large_block) return load_large(elements, count);
        }
        return T(elements, elements + count);
      }
    }
    T value;
    check_room(reader, value, count);
    if constexpr (std::is_default_constructible_v<Element> && std::is_copy_assignable_v<Element>) {
      value.resize(count);
      check_all_taken(reader, value, count);
      if (count != 0) std::memcpy(value.data(), block, count * sizeof(Element));
    } else {  // constant members: each is made where it is aligned, and then copied
      for (std::size_t i = 0; i < count; ++i) {
        Unmade<Element> element;
        std::memcpy(&element, block + i * sizeof(Element), sizeof(Element));
        value.push_back(element.take());
      }
      check_all_taken(reader, value, count);
    }
    return value;
  }
};

template <class Element, std::size_t n>
struct Codec<std::array<Element, n>, Kind::array> {
  using Value = std::remove_const_t<Element>;
  using Parts = Types<Element>;
  static constexpr std::size_t minimum_size() {
    if constexpr (n == 0) {
      return 0;
    } else {
      return n * detail::minimum_size<Value>();
    }
  }

  static void dump(Writer& writer, const std::array<Element, n>& value) {
    if constexpr (is_bitwise<Value>()) {
      writer.write(value.data(), sizeof(Element) * n);
    } else {
      for (const Element& element : value) Pickler<Value>::dump(writer, element);
    }
  }

  static std::array<Element, n> load(Reader& reader) {
    if constexpr (is_bitwise<Value>() && std::is_default_constructible_v<Element> && !std::is_const_v<Element>) {
      std::array<Element, n> value;
      reader.read(value.data(), sizeof(Element) * n);
      return value;
    } else if constexpr (n <= most_at_once || !std::is_move_constructible_v<Element>) {
      return load_each(reader, std::make_index_sequence<n>());
    } else if constexpr (std::is_default_constructible_v<Element> && are_assignable(Types<Element>())) {
      std::array<Element, n> value;
      for (Element& element : value) assign_part(reader, element);
      return value;
    } else {
      Unmade<std::array<Element, n>> value;
      MadeParts<Element> made{value.object().data(), 0};
      for (; made.count < n; ++made.count) make_part(reader, value.object().data()[made.count]);
      made.count = 0;
      return value.take();
    }
  }

 private:
  static constexpr std::size_t most_at_once = 8;  // the compiler takes its time for each

  template <std::size_t... i>
  static std::array<Element, n> load_each([[maybe_unused]] Reader& reader, std::index_sequence<i...>) {
    return {{(static_cast<void>(i), Pickler<Value>::load(reader))...}};
  }
};

// Built-in arrays occur as members of aggregates, which read them in place, so that there is no load.
template <class Element, std::size_t n>
struct Codec<Element[n], Kind::array> {
  using Parts = Types<Element>;
  static constexpr std::size_t minimum_size() { return n * detail::minimum_size<std::remove_cv_t<Element>>(); }

  static void dump(Writer& writer, const Element (&value)[n]) {
    if constexpr (is_bitwise<std::remove_cv_t<Element>>()) {
      writer.write(value, sizeof(value));
    } else {
      for (const Element& element : value) Pickler<std::remove_cv_t<Element>>::dump(writer, element);
    }
  }
};

}  // namespace concurrent::pickle::inline v0::detail
