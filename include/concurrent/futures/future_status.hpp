// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <type_traits>

namespace concurrent::futures::inline v0 {

namespace detail {

/// std::future_status, or an enumeration with the same three names. The standard's own stands in <future>, which would
/// make this library's include dearer for all who never name it.
template <class Enum>
concept LikeFutureStatus = std::is_enum_v<Enum> && requires {
  Enum::ready;
  Enum::timeout;
  Enum::deferred;
};

}  // namespace detail

/// What `wait_for` and `wait_until` return. It becomes a std::future_status where one is wanted, and compares with one:
///
///     if (future.wait_for(1s) == std::future_status::ready) …
///     const std::future_status status = future.wait_for(1s);
///
/// Without the standard's header its own names do: `cf::FutureStatus::ready`, and `value()` for a switch.
class FutureStatus {
 public:
  /// The three answers.
  enum Value { ready, timeout, deferred };  ///< deferred: never; it is there for who compares with it

  /// The status of that name.
  constexpr FutureStatus(Value value) noexcept : value_(value) {}

  /// The status as an enumeration, for a switch.
  constexpr Value value() const noexcept { return value_; }
  /// As a std::future_status, or as another enumeration of the same names.
  template <detail::LikeFutureStatus Enum>
    requires(!std::is_same_v<Enum, Value>)
  constexpr operator Enum() const noexcept {
    return value_ == ready ? Enum::ready : value_ == timeout ? Enum::timeout : Enum::deferred;
  }

  friend constexpr bool operator==(FutureStatus one, FutureStatus other) noexcept { return one.value_ == other.value_; }
  friend constexpr bool operator==(FutureStatus one, Value other) noexcept { return one.value_ == other; }
  /// Whether it is the status of that name in another enumeration.
  template <detail::LikeFutureStatus Enum>
    requires(!std::is_same_v<Enum, Value>)
  friend constexpr bool operator==(FutureStatus one, Enum other) noexcept {
    return static_cast<Enum>(one) == other;
  }

 private:
  Value value_;
};

}  // namespace concurrent::futures::inline v0
