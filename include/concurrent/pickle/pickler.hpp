// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/detail/types.hpp>
#include <concurrent/pickle/reader.hpp>
#include <concurrent/pickle/writer.hpp>

#include <cstddef>
#include <type_traits>

namespace concurrent::pickle::inline v0 {

namespace detail {

// How values of one kind become bytes and back: dump, load, the types of the parts, and the least number of bytes a
// value takes. One specialisation a kind, each in the header that is named after what it pickles.
template <class T, Kind kind = kind_of<T>()>
struct Codec;

enum class Role {
  value,     // is loaded for good: a result, what loads returns
  argument,  // lives no longer than the bytes it is loaded from, so that it may be a view of them
};

// Fails to compile, with the reason and the part at fault, unless T can be pickled: see detail/check.hpp.
template <class T, Role role>
constexpr void check_value();
// Whether it can. What would fail after check_value has said why is left out, or it would hide the message.
template <class T, Role role>
consteval bool can_travel();

}  // namespace detail

/// How values of type `T` become bytes and back. Specialise it for a type of your own where the other forms (no code at
/// all for an aggregate, a `serialize` function, a `save`/`load` pair) do not fit; it wins over them:
/// ```cpp
/// template <> struct concurrent::pickle::Pickler<Celsius> {
///   static void dump(Writer& writer, const Celsius& c) { pickle::dump(writer, c.degrees()); }
///   static Celsius load(Reader& reader) { return Celsius(pickle::load<double>(reader)); }
/// };
/// ```
/// Python: `__reduce__`, `copyreg.pickle`.
template <class T>
struct Pickler {
  using BuiltIn = detail::Codec<T>;  ///< how the library does it
  /// Appends the value.
  static void dump(Writer& writer, const T& value) { BuiltIn::dump(writer, value); }
  /// Reads it back.
  static T load(Reader& reader) { return BuiltIn::load(reader); }
};

/// Built-in arrays as members of aggregates. A function cannot return one, so that they are read in place, and there is
/// no `load`.
template <class T, std::size_t n>
struct Pickler<T[n]> {
  using BuiltIn = detail::Codec<T[n]>;  ///< how the library does it
  static void dump(Writer& writer, const T (&value)[n]) { BuiltIn::dump(writer, value); }
};

/// Appends a value to what `writer` holds.
///
/// Throws: PicklingError, what the type's own functions throw, what the writer's memory throws when there is no more.
/// Compile error: the type (or a part of it) cannot be pickled.
template <class T>
void dump(Writer& writer, const T& value) {
  detail::check_value<T, detail::Role::argument>();
  if constexpr (detail::can_travel<T, detail::Role::argument>()) {
    const detail::Depth depth(writer);  // what calls this may be a Pickler of the program's own for a recursive type
    Pickler<T>::dump(writer, value);
  }
}

/// Takes the next value from `reader`.
///
/// Throws: UnpicklingError, what the type's own functions throw.
/// Compile error: the type (or a part of it) cannot be pickled.
template <class T>
T load(Reader& reader) {
  detail::check_value<T, detail::Role::argument>();
  if constexpr (detail::can_travel<T, detail::Role::argument>()) {
    const detail::Depth depth(reader);
    return Pickler<std::remove_cv_t<T>>::load(reader);
  }
}

namespace detail {

template <class T>
inline constexpr bool has_own_pickler = !requires { typename Pickler<T>::BuiltIn; };

// The least number of bytes that a value of type T takes. Containers use it to judge counts, so an element never takes
// none: those that could are preceded by a byte.
template <class T>
constexpr std::size_t minimum_size() {
  if constexpr (has_own_pickler<T>) {
    return 0;
  } else {
    return Codec<T>::minimum_size();
  }
}

template <class T>
inline constexpr bool needs_element_mark = minimum_size<T>() == 0;
template <class T>
inline constexpr std::size_t element_size = needs_element_mark<T> ? 1 : minimum_size<T>();

template <class T>
void dump_element(Writer& writer, const T& value) {
  if constexpr (needs_element_mark<T>) writer.put(std::byte{0});
  Pickler<T>::dump(writer, value);
}

template <class T>
T load_element(Reader& reader) {
  if constexpr (needs_element_mark<T>) {
    if (reader.get_once<unsigned char>() != 0) [[unlikely]]
      reader.refuse("an element's mark is not zero");
  }
  return Pickler<T>::load(reader);
}

// The size of what may be set aside for `count` elements before they are read. Elements can be far larger than their
// bytes (an empty optional of something big), so that beyond the size of the input they are made room for as they come.
template <class T>
std::size_t trusted_count(const Reader& reader, std::size_t count) {
  const std::size_t justified = reader.remaining() / sizeof(T) + 16;
  return count < justified ? count : justified;
}

}  // namespace detail

}  // namespace concurrent::pickle::inline v0
