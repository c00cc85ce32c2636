// SPDX-License-Identifier: BSL-1.0
// The standard library's exceptions, those with more content than a text first.
#pragma once

#include <concurrent/pickle/detail/exception_kind.hpp>
#include <concurrent/pickle/error_code.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/remote_traceback.hpp>
#include <concurrent/pickle/values.hpp>

#include <exception>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>

namespace concurrent::pickle::inline v0::detail {

template <class T>
struct BySystemError : ByContent<T, BySystemError<T>> {
  static void dump_content(Writer& writer, const T& exception) {
    Pickler<std::error_code>::dump(writer, exception.code());
    Pickler<std::optional<std::string>>::dump(writer, text_given_to(exception.code(), text_of(exception)));
  }
  static std::exception_ptr load(Reader& reader, const std::string&, const std::exception_ptr& cause) {
    const auto code = Pickler<std::error_code>::load(reader);
    const auto text = Pickler<std::optional<std::string>>::load(reader);
    if constexpr (std::is_constructible_v<T, std::error_code>) {
      return make_exception<T>(text ? T(code, *text) : T(code), cause);
    } else {
      return make_exception<T>(T(text.value_or(std::string()), code), cause);
    }
  }
};

struct ByTraceback : ByContent<RemoteTraceback, ByTraceback> {
  static void dump_content(Writer& writer, const RemoteTraceback& exception) {
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

template <class T>
inline constexpr const ExceptionKind* kind_by_text = &exception_kind<T, ByText<T>>;
template <class T>
inline constexpr const ExceptionKind* kind_by_type = &exception_kind<T, ByType<T>>;

inline constexpr const ExceptionKind* standard_exceptions[] = {
    kind_by_text<std::runtime_error>,
    kind_by_text<std::logic_error>,
    kind_by_text<std::invalid_argument>,
    kind_by_text<std::domain_error>,
    kind_by_text<std::length_error>,
    kind_by_text<std::out_of_range>,
    kind_by_text<std::range_error>,
    kind_by_text<std::overflow_error>,
    kind_by_text<std::underflow_error>,
    kind_by_text<PicklingError>,
    kind_by_text<UnpicklingError>,
    kind_by_text<RemoteError>,
    kind_by_type<std::exception>,
    kind_by_type<std::bad_alloc>,
    kind_by_type<std::bad_array_new_length>,
    kind_by_type<std::bad_cast>,
    kind_by_type<std::bad_typeid>,
    kind_by_type<std::bad_exception>,
    kind_by_type<std::bad_optional_access>,
    kind_by_type<std::bad_variant_access>,
    kind_by_type<std::bad_weak_ptr>,
    &exception_kind<std::system_error, BySystemError<std::system_error>>,
    &exception_kind<std::ios_base::failure, BySystemError<std::ios_base::failure>>,
    &exception_kind<RemoteTraceback, ByTraceback>,
};

}  // namespace concurrent::pickle::inline v0::detail
