// SPDX-License-Identifier: BSL-1.0
// From the linker's and the compiler's names to those that a program's author knows.
#pragma once

#include <concurrent/pickle/detail/cxxabi.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace concurrent::pickle::inline v0::detail {

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

CONCURRENT_FUTURES_INLINE std::string without_noise(std::string name) {
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

CONCURRENT_FUTURES_INLINE std::string readable(const char* mangled) {
  struct Text {
    ~Text() { std::free(memory); }
    char* memory;
  };
  int status = 0;
  const Text text{concurrent_futures_demangle(mangled, nullptr, nullptr, &status)};
  return without_noise(status == 0 && text.memory != nullptr ? text.memory : mangled);
}

CONCURRENT_FUTURES_INLINE std::string as_hex(std::uint64_t value) {
  std::string text = "0x";
  for (int shift = 60; shift >= 0; shift -= 4) {
    if (value >> shift != 0 || shift == 0) text += "0123456789abcdef"[(value >> shift) & 15];
  }
  return text;
}

CONCURRENT_FUTURES_INLINE std::string without_parameters(const std::string& signature) {
  if (signature.empty() || signature.back() == '>') return signature;
  const std::size_t close = signature.rfind(')');
  if (close == std::string::npos) return signature;
  int depth = 0;
  for (std::size_t i = close + 1; i-- > 0;) {
    if (signature[i] == ')') ++depth;
    if (signature[i] != '(' || --depth != 0) continue;
    // what stands before the name is the result of a template, up to a space outside of all brackets
    int angle = 0;
    std::size_t first = i;
    while (first > 0) {
      const char c = signature[first - 1];
      if (c == '>' || c == ')') ++angle;
      if (c == '<' || c == '(') --angle;
      if (c == ' ' && angle == 0) break;
      --first;
    }
    return signature.substr(first, i - first);
  }
  return signature;
}

}  // namespace concurrent::pickle::inline v0::detail
