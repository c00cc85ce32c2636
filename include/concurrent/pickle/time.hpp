// SPDX-License-Identifier: BSL-1.0
// std::chrono's durations and time points. Its calendar types are their bytes. And C's std::tm.
#pragma once

#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/strings.hpp>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <type_traits>

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

/// A time in C's parts. The name of its zone, where the C library has one, stays behind: a pointer to that process's.
template <>
struct concurrent::pickle::Pickler<std::tm> {
  /// As every Pickler's.
  static void dump(Writer& writer, const std::tm& value) {
    each(value, [&](const auto& part) { writer.put(part); });
  }
  /// As every Pickler's.
  static std::tm load(Reader& reader) {
    std::tm value{};
    each(value, [&](auto& part) { part = reader.get<std::remove_reference_t<decltype(part)>>(); });
    return value;
  }

 private:
  template <class Tm, class Visit>
  static void each(Tm& value, Visit visit) {
    for (auto* const part : {&value.tm_sec, &value.tm_min, &value.tm_hour, &value.tm_mday, &value.tm_mon,
                             &value.tm_year, &value.tm_wday, &value.tm_yday, &value.tm_isdst})
      visit(*part);
    if constexpr (requires { value.tm_gmtoff; }) visit(value.tm_gmtoff);
  }
};
