// SPDX-License-Identifier: BSL-1.0
// Names of types as their users write them, for messages.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/pickle/detail/type_name.hpp>

#include <cstdint>
#include <string>

namespace concurrent::pickle::inline v0 {
namespace detail {

// Without what the standard library and this one add to names for the linker's sake.
std::string without_noise(std::string name);

template <class T>
std::string readable_name() {
  return without_noise(std::string(type_name<T>()));
}

// What a message calls an argument of a call.
template <class T>
struct ArgumentName {
  static std::string text() { return readable_name<T>(); }
};

// A name from std::type_info or of a symbol as its users write it.
std::string readable(const char* mangled);

std::string as_hex(std::uint64_t value);

// "app::work(int)" to "app::work", "std::vector<f(int)> app::work<int>(int) const" to "app::work<int>".
std::string without_parameters(const std::string& signature);

}  // namespace detail
}  // namespace concurrent::pickle::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/pickle/detail/readable_name.impl.hpp>
#endif
