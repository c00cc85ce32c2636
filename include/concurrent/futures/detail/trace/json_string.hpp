// SPDX-License-Identifier: BSL-1.0
// Text as a string of JSON.
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace concurrent::futures::inline v0::detail {

inline bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    const int more = first < 0x80                    ? 0
                     : first >= 0xC2 && first < 0xE0 ? 1
                     : first >= 0xE0 && first < 0xF0 ? 2
                     : first >= 0xF0 && first < 0xF5 ? 3
                                                     : -1;
    if (more < 0) return false;
    for (int k = 0; k < more; ++k) {
      if (++i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80) return false;
    }
  }
  return true;
}

/// With the quotes around it. Bytes that are no UTF-8 are taken for Latin-1.
inline std::string json_string(std::string_view text) {
  std::string json = "\"";
  const bool as_it_is = is_utf8(text);
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      (json += '\\') += letter;
    } else if (byte < 0x20 || (byte >= 0x7F && !as_it_is)) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      json += escaped;
    } else {
      json += letter;
    }
  }
  return json += '"';
}

}  // namespace concurrent::futures::inline v0::detail
