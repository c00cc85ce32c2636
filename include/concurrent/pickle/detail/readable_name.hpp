// SPDX-License-Identifier: BSL-1.0
// Names of types as their users write them, for messages.
#pragma once

#include <concurrent/pickle/detail/type_name.hpp>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <cxxabi.h>

namespace concurrent::pickle::inline v0 {
namespace detail {

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Without what the standard library and this one add to names for the linker's sake.
inline std::string without_noise(std::string name) {
  for (const std::string_view noise : {"__cxx11::", "[abi:cxx11]", "_V2::"}) replace_all(name, noise, "");
  for (const std::string_view room : {"pickle::", "multiprocessing::", "futures::"}) {
    replace_all(name, std::string("concurrent::").append(room) + "v0::", std::string("concurrent::").append(room));
  }
  replace_all(name, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  replace_all(name, "std::basic_string<char>", "std::string");
  replace_all(name, "std::basic_string_view<char, std::char_traits<char> >", "std::string_view");
  replace_all(name, "std::basic_string_view<char>", "std::string_view");
  return name;
}

template <class T>
std::string readable_name() {
  return without_noise(std::string(type_name<T>()));
}

// The same for a name from std::type_info or of a symbol.
inline std::string readable(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                    &std::free);
  return without_noise(status == 0 && text ? text.get() : mangled);
}

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
