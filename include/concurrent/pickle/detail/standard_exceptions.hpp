// SPDX-License-Identifier: BSL-1.0
// The standard library's exceptions, those with more content than a text first.
#pragma once

#include <concurrent/pickle/detail/exception_kind.hpp>
#include <concurrent/pickle/error_code.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/remote_traceback.hpp>
#include <concurrent/pickle/values.hpp>

#include <any>
#include <exception>
#include <filesystem>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>

namespace concurrent::pickle::inline v0 {
namespace detail {

template <class T>
struct SystemErrorForm {
  static void dump(Writer& writer, const T& exception) {
    Pickler<std::error_code>::dump(writer, exception.code());
    Pickler<std::string>::dump(writer, text_given_to(exception.code(), exception.what()));
  }
  static std::exception_ptr load(Reader& reader, const std::string&, const std::exception_ptr& cause) {
    const auto code = Pickler<std::error_code>::load(reader);
    const auto text = Pickler<std::string>::load(reader);
    if constexpr (std::is_constructible_v<T, std::error_code>) {
      return make_exception<T>(text.empty() ? T(code) : T(code, text), cause);
    } else {
      return make_exception<T>(T(text, code), cause);
    }
  }
};
template <>
struct ExceptionForm<std::system_error> : SystemErrorForm<std::system_error> {};
template <>
struct ExceptionForm<std::ios_base::failure> : SystemErrorForm<std::ios_base::failure> {};

template <>
struct ExceptionForm<std::filesystem::filesystem_error> {
  using Error = std::filesystem::filesystem_error;
  static void dump(Writer& writer, const Error& exception) {
    Pickler<std::error_code>::dump(writer, exception.code());
    // of the base, since its own what() adds the paths
    Pickler<std::string>::dump(writer, text_given_to(exception.code(), exception.system_error::what()));
    Pickler<std::string>::dump(writer, exception.path1().string());
    Pickler<std::string>::dump(writer, exception.path2().string());
  }
  static std::exception_ptr load(Reader& reader, const std::string&, const std::exception_ptr& cause) {
    const auto code = Pickler<std::error_code>::load(reader);
    const auto text = Pickler<std::string>::load(reader);
    const auto path1 = Pickler<std::string>::load(reader);
    const auto path2 = Pickler<std::string>::load(reader);
    return make_exception<Error>(Error(text, path1, path2, code), cause);
  }
};

template <>
struct ExceptionForm<RemoteTraceback> {
  static void dump(Writer& writer, const RemoteTraceback& exception) {
    for (const std::string* text :
         {&exception.worker_name(), &exception.type_name(), &exception.message(), &exception.task()}) {
      Pickler<std::string>::dump(writer, *text);
    }
    writer.put(exception.pid());
  }
  static std::exception_ptr load(Reader& reader, const std::string& message, const std::exception_ptr& cause) {
    std::string texts[4];
    for (std::string& text : texts) text = Pickler<std::string>::load(reader);
    const auto pid = reader.get<pid_t>();
    if (pid == 0) return make_exception<RemoteTraceback>(RemoteTraceback(message), cause);
    return make_exception<RemoteTraceback>(
        RemoteTraceback(std::move(texts[0]), pid, std::move(texts[1]), std::move(texts[2]), std::move(texts[3])),
        cause);
  }
};

inline constexpr const ExceptionKind* standard_exceptions[] = {
    &exception_kind<std::exception>,
    &exception_kind<std::runtime_error>,
    &exception_kind<std::logic_error>,
    &exception_kind<std::invalid_argument>,
    &exception_kind<std::domain_error>,
    &exception_kind<std::length_error>,
    &exception_kind<std::out_of_range>,
    &exception_kind<std::range_error>,
    &exception_kind<std::overflow_error>,
    &exception_kind<std::underflow_error>,
    &exception_kind<std::system_error>,
    &exception_kind<std::filesystem::filesystem_error>,
    &exception_kind<std::ios_base::failure>,
    &exception_kind<std::bad_alloc>,
    &exception_kind<std::bad_array_new_length>,
    &exception_kind<std::bad_cast>,
    &exception_kind<std::bad_any_cast>,
    &exception_kind<std::bad_typeid>,
    &exception_kind<std::bad_exception>,
    &exception_kind<std::bad_optional_access>,
    &exception_kind<std::bad_variant_access>,
    &exception_kind<std::bad_weak_ptr>,
    &exception_kind<PicklingError>,
    &exception_kind<UnpicklingError>,
    &exception_kind<RemoteTraceback>,
    &exception_kind<RemoteError>,
};

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
