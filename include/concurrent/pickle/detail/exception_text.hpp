// SPDX-License-Identifier: BSL-1.0
// What exceptions say.
#pragma once

#include <concurrent/version.hpp>

#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace concurrent::pickle::inline v0::detail {

// what(), or nothing where that is a null pointer, which some exceptions return.
inline const char* text_of(const std::exception& exception) noexcept {
  const char* text = exception.what();
  return text == nullptr ? "" : text;
}

// What a std::system_error was made with: its text without what the constructor adds to it; nothing if it was made with
// a code alone.
inline std::optional<std::string> text_given_to(const std::error_code& code, const std::string& what) {
  const std::string added = code.message();
  if (what == added) return std::nullopt;
  if (what.ends_with(": " + added)) return what.substr(0, what.size() - added.size() - 2);
  return what;
}

// Stands for a class whose own text is another than the one that was thrown: that was of a class derived from it which
// is not known here, or is not kept in what travels.
template <class T>
class Described : public T {
 public:
  Described(T&& plain_base, std::string what_it_said)
      : T(static_cast<T&&>(plain_base)), what_it_said_(std::move(what_it_said)) {}
  const char* what() const noexcept override { return what_it_said_.c_str(); }

 private:
  std::string what_it_said_;
};

}  // namespace concurrent::pickle::inline v0::detail
