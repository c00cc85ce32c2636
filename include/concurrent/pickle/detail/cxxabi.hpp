// SPDX-License-Identifier: BSL-1.0
// The two functions of the C++ runtime's <cxxabi.h> that are needed, without the 360 lines of that. By names of our
// own, since a program may include the header too, and runtimes differ in how they declare them.
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <typeinfo>

namespace concurrent::pickle::inline v0::detail {

extern "C" char* concurrent_futures_demangle(const char* mangled, char* buffer, std::size_t* length,
                                             int* status) __asm__("__cxa_demangle");
extern "C" std::type_info* concurrent_futures_handled_type() __asm__("__cxa_current_exception_type");

}  // namespace concurrent::pickle::inline v0::detail
