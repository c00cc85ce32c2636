// SPDX-License-Identifier: BSL-1.0
// std::chrono's durations and time points. Its calendar types are their bytes.
#pragma once

#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/strings.hpp>

#include <cstddef>
#include <cstdint>

namespace concurrent::pickle::inline v0::detail {

template <class T>
struct Codec<T, Kind::duration> {
  using Rep = typename T::rep;
  using Parts = Types<Rep>;
  static constexpr std::size_t minimum_size() { return detail::minimum_size<Rep>(); }
  static void dump(Writer& writer, const T& value) { Pickler<Rep>::dump(writer, value.count()); }
  static T load(Reader& reader) { return T(Pickler<Rep>::load(reader)); }
};

template <class T>
struct Codec<T, Kind::time_point> {
  using Duration = typename T::duration;
  using Parts = Types<Duration>;
  static constexpr std::size_t minimum_size() { return detail::minimum_size<Duration>(); }
  static void dump(Writer& writer, const T& value) { Pickler<Duration>::dump(writer, value.time_since_epoch()); }
  static T load(Reader& reader) { return T(Pickler<Duration>::load(reader)); }
};

}  // namespace concurrent::pickle::inline v0::detail
