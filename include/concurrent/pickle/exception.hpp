// SPDX-License-Identifier: BSL-1.0
// Exceptions as bytes: the same type on the other side where it is known, with what was nested in it.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/pickle/detail/exception_kind.hpp>
#include <concurrent/pickle/detail/kind.hpp>
#include <concurrent/pickle/remote_traceback.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <typeinfo>

#include <sys/types.h>

/// Declares an exception of the program's own, at namespace scope and once, so that it crosses between processes with
/// its type. The type can be made from a `std::string` (the text of `what()`), or it pickles (it has `serialize`, or is
/// an aggregate).
#define CONCURRENT_FUTURES_EXCEPTION(...) CONCURRENT_FUTURES_EXCEPTION_NAMED(__COUNTER__, __VA_ARGS__)
#define CONCURRENT_FUTURES_EXCEPTION_NAMED(number, ...) CONCURRENT_FUTURES_EXCEPTION_AS(number, __VA_ARGS__)
#define CONCURRENT_FUTURES_EXCEPTION_AS(number, ...)                         \
  [[maybe_unused]] static const bool concurrent_futures_exception_##number = \
      ::concurrent::pickle::detail::declare_exception<__VA_ARGS__>();        \
  namespace {} /* so that it may stand with a semicolon or without */

namespace concurrent::pickle::inline v0 {

namespace detail {

void dump_exception_at(Writer& writer, const std::exception_ptr& exception);
std::exception_ptr load_exception_at(Reader& reader);

template <class T>
struct Codec<T, Kind::exception_ptr> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return 1; }
  static void dump(Writer& writer, const T& value) { dump_exception_at(writer, value); }
  static T load(Reader& reader) { return load_exception_at(reader); }
};

// Throws PicklingError unless that very type crosses as itself.
void check_known_exception(const std::type_info& type);
[[noreturn]] void refuse_exception(Reader& reader, const std::type_info& wanted);
[[noreturn]] void refuse_text(Reader& reader, const std::type_info& wanted, const std::string& text);

// An exception that is no more than a value, as tasks return that tell of failures so: by its own functions and what it
// has from the standard's class, or as it crosses when it is thrown.
template <class T>
struct Codec<T, Kind::exception> {
  using Parts = Types<>;
  static constexpr std::size_t minimum_size() { return 0; }
  static void dump(Writer& writer, const T& value) {
    if constexpr (has_functions_of_its_own<T>) {
      Codec<T, Kind::custom>::dump(writer, value);
      dump_standard_base(writer, value);
    } else {
      check_known_exception(typeid(T));
      try {
        throw T(value);
      } catch (const T&) {  // copying may have thrown something else
        dump_exception_at(writer, std::current_exception());
      }
    }
  }
  static T load(Reader& reader) {
    if constexpr (has_functions_of_its_own<T>) {
      T value = Codec<T, Kind::custom>::load(reader);
      load_standard_base(reader, value);
      return value;
    } else {
      if (const std::exception_ptr loaded = load_exception_at(reader)) {
        try {
          std::rethrow_exception(loaded);
        } catch (const T& exception) {
          return with_text_of(reader, exception);
        } catch (...) {  // damaged
        }
      }
      refuse_exception(reader, typeid(T));
    }
  }

 private:
  // What arrives may be of a derived class, for the sake of its text.
  static T with_text_of(Reader& reader, const T& arrived) {
    T value = arrived;
    const std::string text = detail::text_of(arrived);
    if (text == detail::text_of(value)) return value;
    using Base = StandardBase<T>;
    if constexpr (std::is_same_v<Base, std::runtime_error> || std::is_same_v<Base, std::logic_error>)
      static_cast<Base&>(value) = Base(text);
    if (text != detail::text_of(value)) refuse_text(reader, typeid(T), text);
    return value;
  }
};

}  // namespace detail

/// Writes an exception, with those nested in it: `load_exception` reads it.
///
/// Throws: PicklingError if they are nested too deeply; what the writer's memory throws when there is no more.
inline void dump_exception(Writer& writer, const std::exception_ptr& exception) {
  detail::dump_exception_at(writer, exception);
}

/// Returns the exception that was written: of the same type where it is the standard library's or declared with
/// CONCURRENT_FUTURES_EXCEPTION, else of its nearest base that is, else a RemoteError. Null if a null pointer was
/// written.
///
/// Throws: UnpicklingError.
inline std::exception_ptr load_exception(Reader& reader) { return detail::load_exception_at(reader); }

/// The same, for what a task threw: a RemoteTraceback that says where is nested in the exception, and holds in turn
/// what was nested in that.
std::exception_ptr load_exception(Reader& reader, std::string worker_name, pid_t pid, std::string task);

/// The name of the type that was thrown, as a program would write it.
std::string exception_type_name(const std::exception_ptr& exception);

}  // namespace concurrent::pickle::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/pickle/detail/exception.impl.hpp>
#include <concurrent/pickle/detail/exception_lookup.impl.hpp>
#endif
