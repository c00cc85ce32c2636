// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <string_view>

namespace concurrent::pickle::inline v0::detail {

// The compiler's own spelling of a type, at compile time and without run-time type information.
template <class T>
constexpr std::string_view spelled() noexcept {
  return __PRETTY_FUNCTION__;
}

inline constexpr std::size_t spelled_before = spelled<double>().find("double");
inline constexpr std::size_t spelled_after =
    spelled<double>().size() - spelled_before - std::string_view("double").size();

// GCC appends "; std::string_view = …" to the text for double as well as for T, so that both ends are cut alike.
template <class T>
constexpr std::string_view type_name() noexcept {
  constexpr std::string_view text = spelled<T>();
  return text.substr(spelled_before, text.size() - spelled_before - spelled_after);
}

// A closure's type has no name that a program could write, so it is known by how the compiler spells it:
// "main()::<lambda(int)>" with GCC, "(lambda at main.cpp:7:15)" with Clang.
template <class T>
constexpr bool spelled_as_closure() noexcept {
  constexpr std::string_view name = type_name<T>();
  if (name.starts_with("(lambda at ")) return name.ends_with(')');
  constexpr std::size_t lambda = name.rfind("<lambda(");
  if (lambda == std::string_view::npos || !name.ends_with('>')) return false;
  int open = 0;
  for (std::size_t i = lambda; i < name.size(); ++i) {
    if (name[i] == '<') ++open;
    // the ">" of "->" closes nothing
    if (name[i] == '>' && name[i - 1] != '-' && --open == 0) return i + 1 == name.size();
  }
  return false;
}

}  // namespace concurrent::pickle::inline v0::detail
