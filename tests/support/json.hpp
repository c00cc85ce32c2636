// SPDX-License-Identifier: BSL-1.0
// Reads JSON, strictly: what is none throws.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace support {

struct Json {
  enum class Kind { null, boolean, number, string, array, object } kind = Kind::null;
  double number = 0;
  std::string text;  // of a string; of a number as it was written
  std::vector<Json> items;
  std::map<std::string, Json> members;

  bool has(const std::string& name) const { return members.count(name) != 0; }
  const Json& operator[](const std::string& name) const {
    const auto found = members.find(name);
    if (found == members.end()) throw std::runtime_error("JSON: there is no member \"" + name + "\"");
    return found->second;
  }

  static Json parse(std::string_view text) {
    Parser parser{text};
    Json value = parser.value();
    parser.skip_blanks();
    if (parser.at != text.size()) parser.fail("something follows the value");
    return value;
  }

 private:
  struct Parser {
    std::string_view text;
    std::size_t at = 0;

    [[noreturn]] void fail(const std::string& what) const {
      throw std::runtime_error("JSON: " + what + " at byte " + std::to_string(at));
    }
    void skip_blanks() {
      while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) ++at;
    }
    bool take(char letter) {
      skip_blanks();
      if (at == text.size() || text[at] != letter) return false;
      ++at;
      return true;
    }
    void expect(char letter) {
      if (!take(letter)) fail(std::string("expected '") + letter + "'");
    }

    Json value() {
      Json json;
      skip_blanks();
      if (at == text.size()) fail("it ends too early");
      if (text[at] == '"') {
        json.kind = Kind::string;
        json.text = string();
      } else if (take('[')) {
        json.kind = Kind::array;
        if (take(']')) return json;
        do json.items.push_back(value());
        while (take(','));
        expect(']');
      } else if (take('{')) {
        json.kind = Kind::object;
        if (take('}')) return json;
        do {
          skip_blanks();
          const std::string name = string();
          expect(':');
          if (!json.members.emplace(name, value()).second) fail("a second \"" + name + "\"");
        } while (take(','));
        expect('}');
      } else if (word("true") || word("false")) {
        json.kind = Kind::boolean;
        json.number = text[at - 2] == 'u' ? 1 : 0;
      } else if (!word("null")) {
        json.kind = Kind::number;
        const std::size_t end = std::min(text.find_first_not_of("+-.eE0123456789", at), text.size());
        json.text = text.substr(at, end - at);
        char* rest = nullptr;
        json.number = std::strtod(json.text.c_str(), &rest);
        if (json.text.empty() || *rest != '\0') fail("this is no value");
        at = end;
      }
      return json;
    }
    bool word(std::string_view expected) {
      if (text.substr(at, expected.size()) != expected) return false;
      at += expected.size();
      return true;
    }
    std::string string() {
      if (at == text.size() || text[at++] != '"') fail("expected a string");
      std::string value;
      for (;; ++at) {
        if (at == text.size()) fail("a string does not end");
        const char letter = text[at];
        if (letter == '"') break;
        if (static_cast<unsigned char>(letter) < 0x20) fail("a control character in a string");
        if (letter != '\\') {
          value += letter;
        } else if (++at < text.size() && text[at] == 'u') {
          const auto code = std::strtoul(std::string(text.substr(at + 1, 4)).c_str(), nullptr, 16);
          if (code < 0x80) {
            value += static_cast<char>(code);
          } else {
            value += static_cast<char>(0xC0u | (code >> 6));
            value += static_cast<char>(0x80u | (code & 0x3Fu));
          }
          at += 4;
        } else if (at < text.size() && (text[at] == '"' || text[at] == '\\' || text[at] == '/')) {
          value += text[at];
        } else {
          fail("an escape that is none of those expected here");
        }
      }
      ++at;
      return value;
    }
  };
};

}  // namespace support
