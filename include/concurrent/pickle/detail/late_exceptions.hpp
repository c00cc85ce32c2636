// SPDX-License-Identifier: BSL-1.0
// Exceptions of the standard library whose headers are too heavy to be included here. A program that throws one has
// included its header, before or after this one. By the end of the translation unit, when the templates below are
// instantiated, the type is complete, and it is declared; where it is not, nothing happens. Under separate compilation
// the one translation unit that sees this knows them all.
#pragma once

#include <concurrent/pickle/detail/exception_kind.hpp>
#include <concurrent/pickle/detail/standard_exceptions.hpp>

#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#if !defined(CONCURRENT_FUTURES_IMPLEMENTATION) && defined(__GLIBCXX__)
// Names of this library, as its own forward declarations have them.
namespace std {
namespace filesystem {
#if _GLIBCXX_USE_CXX11_ABI
inline namespace __cxx11 __attribute__((__abi_tag__("cxx11"))) {  // NOLINT(bugprone-reserved-identifier)
  class filesystem_error;
}
#else
class filesystem_error;
#endif
}  // namespace filesystem
class bad_any_cast;
class bad_function_call;
class future_error;
class regex_error;
enum class future_errc;
}  // namespace std
#else
#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <regex>
#endif

namespace concurrent::pickle::inline v0::detail {

template <class Error>
struct ByPaths : ByContent<Error, ByPaths<Error>> {
  static void dump_content(Writer& writer, const Error& exception) {
    Pickler<std::error_code>::dump(writer, exception.code());
    // of the base, since its own what() adds the paths
    Pickler<std::optional<std::string>>::dump(writer, text_given_to(exception.code(), exception.system_error::what()));
    Pickler<std::string>::dump(writer, exception.path1().native());
    Pickler<std::string>::dump(writer, exception.path2().native());
  }
  static std::exception_ptr load(Reader& reader, const std::string&, const std::exception_ptr& cause) {
    const auto code = Pickler<std::error_code>::load(reader);
    const auto text = Pickler<std::optional<std::string>>::load(reader);
    const auto path1 = Pickler<std::string>::load(reader);
    const auto path2 = Pickler<std::string>::load(reader);
    // what() shows as many paths as the constructor was given
    const std::string what = text.value_or(std::string());
    if (path1.empty() && path2.empty()) return make_exception<Error>(Error(what, code), cause);
    if (path2.empty()) return make_exception<Error>(Error(what, path1, code), cause);
    return make_exception<Error>(Error(what, path1, path2, code), cause);
  }
};

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
    if (message == detail::text_of(exception)) return make_exception<T>(std::move(exception), cause);
    return make_exception<Described<T>>(Described<T>(std::move(exception), message), cause);
  }
};

template <class T>
consteval auto late_exception_form() {
  if constexpr (requires(const T& exception) { exception.path1(); }) {
    return static_cast<ByPaths<T>*>(nullptr);
  } else if constexpr (std::is_default_constructible_v<T>) {
    return static_cast<ByType<T>*>(nullptr);
  } else if constexpr (requires(const T& exception) { exception.code().value(); }) {
    return static_cast<ByNumber<T, std::future_errc>*>(nullptr);
  } else {
    return static_cast<ByNumber<T, decltype(std::declval<const T&>().code())>*>(nullptr);
  }
}

template <class T, class Codec>
struct LateDeclaration {
  static inline const DeclaredException declared{exception_kind<T, Codec>};
};

// Of this translation unit alone, as they mean something else where the types are not complete.
namespace {

template <class T>
bool declare_late() noexcept {
  if constexpr (requires { sizeof(T); }) {
    using Codec = std::remove_pointer_t<decltype(late_exception_form<T>())>;
    return LateDeclaration<T, Codec>::declared.next != nullptr;  // uses it, so that it exists
  } else {
    return false;
  }
}

template <class... Ts>
bool declare_late_ones() noexcept {
  int declared = 0;
  ((declared += declare_late<Ts>() ? 1 : 0), ...);  // each of them, and not only up to the first
  return declared != 0;
}

[[maybe_unused]] const bool late_exceptions_are_declared =
    declare_late_ones<std::bad_any_cast, std::bad_function_call, std::future_error, std::regex_error,
                      std::filesystem::filesystem_error>();

}  // namespace

}  // namespace concurrent::pickle::inline v0::detail
