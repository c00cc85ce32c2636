// SPDX-License-Identifier: BSL-1.0
// Exceptions of the standard library whose headers are too heavy to be included here. A program that throws one has
// included its header, before or after this one. By the end of the translation unit, when the templates below are
// instantiated, the type is complete, and it is declared; where it is not, nothing happens.
#pragma once

#include <concurrent/pickle/detail/exception_kind.hpp>

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#ifdef __GLIBCXX__  // whose names these are; other libraries have them in inline namespaces
namespace std {
class bad_function_call;
class future_error;
class regex_error;
enum class future_errc;
}  // namespace std

namespace concurrent::pickle::inline v0 {
namespace detail {

// By the number that the type is made from, and by the text where it is not the number's.
template <class T, class Number>
struct ByNumber : ByContent<T, ByNumber<T, Number>> {
  static void dump_content(Writer& writer, const T& exception) {
    if constexpr (requires { exception.code().value(); }) {
      writer.put(exception.code().value());
    } else {
      writer.put(static_cast<int>(exception.code()));
    }
  }
  static std::exception_ptr load(Reader& reader, const std::string& message, const std::exception_ptr& cause) {
    T exception(static_cast<Number>(reader.get<int>()));
    if (message == exception.what()) return make_exception<T>(std::move(exception), cause);
    return make_exception<Described<T>>(Described<T>(std::move(exception), message), cause);
  }
};

template <class T, class Form>
struct LateDeclaration {
  static inline const DeclaredException declared{exception_kind<T, Form>};
};

// Of this translation unit alone, as they mean something else where the types are not complete.
namespace {

template <class T>
bool declare_late() noexcept {
  if constexpr (requires { sizeof(T); }) {
    if constexpr (std::is_default_constructible_v<T>) {
      return LateDeclaration<T, ByType<T>>::declared.next != nullptr;
    } else if constexpr (requires(const T& exception) { exception.code().value(); }) {
      return LateDeclaration<T, ByNumber<T, std::future_errc>>::declared.next != nullptr;
    } else {
      using Number = decltype(std::declval<const T&>().code());
      return LateDeclaration<T, ByNumber<T, Number>>::declared.next != nullptr;
    }
  } else {
    return false;
  }
}

[[maybe_unused]] const bool late_exceptions_are_declared =
    (declare_late<std::bad_function_call>(), declare_late<std::future_error>(), declare_late<std::regex_error>());

}  // namespace

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
#endif
