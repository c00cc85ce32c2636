// SPDX-License-Identifier: BSL-1.0
// What a test expects to be thrown, and what it says.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "support/catch.hpp"

namespace support {

/// Runs `body`, which must throw an Exception, and returns its text. Anything else that is thrown fails the test.
template <class Exception, class Body>
std::string message_of(Body&& body) {
  try {
    std::forward<Body>(body)();
  } catch (const Exception& error) {
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// The text of a stored exception; empty when there is none.
inline std::string text_of(const std::exception_ptr& stored) {
  if (!stored) return {};
  try {
    std::rethrow_exception(stored);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "no std::exception";
  }
}

}  // namespace support
