// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

#include <cxxabi.h>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The name of a type as it stands in source code.
inline std::string type_name(const std::type_info& type) {
  int status = 0;
  char* const demangled = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  if (demangled == nullptr) return type.name();
  std::string name;
  try {
    name = demangled;
  } catch (...) {
    std::free(demangled);
    throw;
  }
  std::free(demangled);
  return name;
}

/// The name of the type of a stored exception.
inline std::string exception_type_name(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    return type == nullptr ? "unknown" : type_name(*type);
  }
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
