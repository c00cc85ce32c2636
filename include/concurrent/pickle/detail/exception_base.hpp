// SPDX-License-Identifier: BSL-1.0
// What a program's own exception has from the standard's class that it derives from: the text, and of a
// std::system_error the code. Its own serialize knows nothing of these, and need not.
#pragma once

#include <concurrent/pickle/detail/exception_text.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/error_code.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// The one of the standard's classes with a content that T derives from; void if there is none.
template <class T>
consteval auto standard_base_of() {
  const auto derives_from = []<class Base>(const Base*) { return std::is_convertible_v<const T*, const Base*>; };
  if constexpr (derives_from(static_cast<const std::system_error*>(nullptr))) {
    return static_cast<std::system_error*>(nullptr);
  } else if constexpr (derives_from(static_cast<const std::runtime_error*>(nullptr))) {
    return static_cast<std::runtime_error*>(nullptr);
  } else if constexpr (derives_from(static_cast<const std::logic_error*>(nullptr))) {
    return static_cast<std::logic_error*>(nullptr);
  } else {
    return static_cast<void*>(nullptr);
  }
}
template <class T>
using StandardBase = std::remove_pointer_t<decltype(standard_base_of<T>())>;

template <class T>
void dump_standard_base(Writer& writer, const T& exception) {
  using Base = StandardBase<T>;
  if constexpr (std::is_same_v<Base, std::system_error>) {
    const Base& base = exception;
    Pickler<std::error_code>::dump(writer, base.code());
    Pickler<std::optional<std::string>>::dump(writer, text_given_to(base.code(), base.Base::what()));
  } else if constexpr (!std::is_void_v<Base>) {
    const Base& base = exception;
    Pickler<std::string>::dump(writer, base.Base::what());  // of the base, since its own may say more
  }
}

template <class T>
void load_standard_base(Reader& reader, T& exception) {
  using Base = StandardBase<T>;
  if constexpr (std::is_same_v<Base, std::system_error>) {
    Base& base = exception;
    const auto code = Pickler<std::error_code>::load(reader);
    const auto text = Pickler<std::optional<std::string>>::load(reader);
    base = text ? Base(code, *text) : Base(code);
  } else if constexpr (!std::is_void_v<Base>) {
    Base& base = exception;
    base = Base(Pickler<std::string>::load(reader));
  }
}

// Whether a class holds nothing but what its standard base does; a std::nested_exception beside it aside.
template <class T>
consteval bool adds_nothing_to_standard_base() {
  using Base = StandardBase<T>;
  if constexpr (std::is_void_v<Base>) {
    return true;  // the text is its own then, and nobody can tell what else there is
  } else {
    return sizeof(T) <=
           sizeof(Base) + (std::is_base_of_v<std::nested_exception, T> ? sizeof(std::nested_exception) : 0);
  }
}

template <class Member>
inline constexpr bool is_standard_what = false;
template <class Class>
inline constexpr bool is_standard_what<const char* (Class::*)() const noexcept> =
    type_name<Class>().starts_with("std::");

// Whether what() is one of the standard library's, which can be overridden: a program's own may be final.
template <class T>
consteval bool has_standard_what() {
  if constexpr (std::is_final_v<T> || !std::is_base_of_v<std::exception, T>) {
    return false;
  } else if constexpr (requires { &T::what; }) {
    return is_standard_what<decltype(&T::what)>;
  } else {
    return false;
  }
}

}  // namespace concurrent::pickle::inline v0::detail
