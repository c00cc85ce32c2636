// SPDX-License-Identifier: BSL-1.0
// std::pair, std::tuple, and aggregates, which are pickled member by member with no code from the user.
#pragma once

#include <concurrent/pickle/detail/bitwise.hpp>
#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/detail/filling.hpp>
#include <concurrent/pickle/scalar.hpp>
#include <concurrent/pickle/sequence.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

template <class First, class Second>
struct Codec<std::pair<First, Second>, Kind::tuple> {
  using Pair = std::pair<First, Second>;
  using Parts = Types<First, Second>;
  static constexpr std::size_t minimum_size() {
    return detail::minimum_size<std::remove_const_t<First>>() + detail::minimum_size<std::remove_const_t<Second>>();
  }
  static void dump(Writer& writer, const Pair& value) {
    Pickler<std::remove_const_t<First>>::dump(writer, value.first);
    Pickler<std::remove_const_t<Second>>::dump(writer, value.second);
  }
  static Pair load(Reader& reader) {
    // Two statements: a function's arguments are evaluated in any order.
    auto first = Pickler<std::remove_const_t<First>>::load(reader);
    return Pair(std::move(first), Pickler<std::remove_const_t<Second>>::load(reader));
  }
};

template <class... Ts>
struct Codec<std::tuple<Ts...>, Kind::tuple> {
  using Parts = Types<Ts...>;
  static constexpr std::size_t minimum_size() {
    return (std::size_t{0} + ... + detail::minimum_size<std::remove_const_t<Ts>>());
  }
  static void dump(Writer& writer, const std::tuple<Ts...>& value) {
    std::apply([&](const Ts&... parts) { (Pickler<std::remove_const_t<Ts>>::dump(writer, parts), ...); }, value);
  }
  static std::tuple<Ts...> load([[maybe_unused]] Reader& reader) {
    return std::tuple<Ts...>{Pickler<std::remove_const_t<Ts>>::load(reader)...};  // braces: from left to right
  }
};

template <class T>
struct Codec<T, Kind::aggregate> {
  using Parts = FieldTypes<T>;
  static constexpr std::size_t minimum_size() {
    if constexpr (is_bitwise<T>()) {
      return sizeof(T);
    } else {
      return sum_of_minima(Parts());
    }
  }

  static void dump(Writer& writer, const T& value) {
    if constexpr (is_bitwise<T>()) {
      writer.put(value);
    } else {
      visit_fields(value, [&](const auto&... fields) { (dump_field(writer, fields), ...); });
    }
  }

  static T load(Reader& reader) {
    if constexpr (is_bitwise<T>()) {
      return ByBytes<T>::load(reader);
    } else if constexpr (has_arrays<T>) {
      return load_filled<T>(reader);
    } else {
      return load_all(reader, std::make_index_sequence<layout<T>.bases>(), Parts());
    }
  }

 private:
  template <class... Fields>
  static constexpr std::size_t sum_of_minima(Types<Fields...>) {
    return (std::size_t{0} + ... + detail::minimum_size<std::remove_const_t<Fields>>());
  }

  template <class Field>
  static void dump_field(Writer& writer, const Field& field) {
    Pickler<Field>::dump(writer, field);
  }

// A bit-field is narrower than its type says.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
  template <std::size_t... base, class... Fields>
  static T load_all(Reader& reader, std::index_sequence<base...>, Types<Fields...>) {
    // braces: from left to right, and no copies
    return T{(static_cast<void>(base), AnyEmptyBase<T>())..., Pickler<std::remove_const_t<Fields>>::load(reader)...};
  }
#pragma GCC diagnostic pop
};

}  // namespace concurrent::pickle::inline v0::detail
