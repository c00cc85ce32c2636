// SPDX-License-Identifier: BSL-1.0
/// nlohmann::json and nlohmann::ordered_json as arguments and results and as members of what is sent: every kind of
/// value, strings with any bytes, numbers to the last bit. And that library's exceptions, with type, text and content.
/// Not part of pickle.hpp: who includes this has that library.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/exception.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/values.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

namespace concurrent::pickle::inline v0 {

namespace detail {

template <class Json>
struct JsonValues {
  using Kind = nlohmann::json::value_t;

  static void dump(Writer& writer, const Json& value) {
    const Depth depth(writer);
    writer.put(static_cast<std::uint8_t>(value.type()));
    switch (value.type()) {
      case Kind::null:
      case Kind::discarded:
        return;
      case Kind::boolean:
        return writer.put(static_cast<std::uint8_t>(value.template get<bool>()));
      case Kind::number_integer:
        return writer.put(value.template get<std::int64_t>());
      case Kind::number_unsigned:
        return writer.put(value.template get<std::uint64_t>());
      case Kind::number_float:
        return writer.put(value.template get<double>());
      case Kind::string:
        return dump_block(writer, text_of(value).data(), text_of(value).size());
      case Kind::binary: {
        const auto& binary = value.get_binary();
        writer.put(static_cast<std::uint8_t>(binary.has_subtype()));
        writer.put<std::uint64_t>(binary.has_subtype() ? binary.subtype() : 0);
        return dump_block(writer, binary.data(), binary.size());
      }
      case Kind::array:
        writer.put<std::uint64_t>(value.size());
        for (const Json& element : value) dump(writer, element);
        return;
      case Kind::object:
        writer.put<std::uint64_t>(value.size());
        for (auto it = value.begin(); it != value.end(); ++it) {
          dump_block(writer, it.key().data(), it.key().size());
          dump(writer, it.value());
        }
    }
  }

  static Json load(Reader& reader) {
    const Depth depth(reader);
    const auto kind = static_cast<Kind>(reader.get<std::uint8_t>());
    switch (kind) {
      case Kind::null:
        return nullptr;
      case Kind::discarded:
        return Json(Kind::discarded);
      case Kind::boolean:
        return reader.get<std::uint8_t>() != 0;
      case Kind::number_integer:
        return reader.get<std::int64_t>();
      case Kind::number_unsigned:
        return reader.get<std::uint64_t>();
      case Kind::number_float:
        return reader.get<double>();
      case Kind::string:
        return load_text(reader);
      case Kind::binary: {
        const bool has_subtype = reader.get<std::uint8_t>() != 0;
        const auto subtype = reader.get<std::uint64_t>();
        const std::string bytes = load_text(reader);
        typename Json::binary_t::container_type content(bytes.begin(), bytes.end());
        return has_subtype ? Json::binary(std::move(content), subtype) : Json::binary(std::move(content));
      }
      case Kind::array: {
        Json value = Json::array();
        for (std::size_t left = reader.get_count(1); left != 0; --left) value.push_back(load(reader));
        return value;
      }
      case Kind::object: {
        Json value = Json::object();
        for (std::size_t left = reader.get_count(1); left != 0; --left) {
          std::string key = load_text(reader);
          if (value.contains(key)) reader.refuse("an object of JSON has a key twice");
          value[std::move(key)] = load(reader);
        }
        return value;
      }
    }
    reader.refuse("a value of JSON is of no known kind");
  }

 private:
  static const std::string& text_of(const Json& value) { return value.template get_ref<const std::string&>(); }
  static std::string load_text(Reader& reader) { return Pickler<std::string>::load(reader); }
};

// An exception of the library's, which alone can make one: from a text to which it puts the beginning.
template <class Error>
struct JsonError {
  static void dump(Writer& writer, const Error& error) {
    writer.put<std::int32_t>(error.id);
    if constexpr (has_place) writer.put<std::uint64_t>(error.byte);
    Pickler<std::string>::dump(writer, error.what());
  }
  static Error load(Reader& reader) {
    const auto id = reader.get<std::int32_t>();
    const auto byte = has_place ? reader.get<std::uint64_t>() : std::uint64_t{0};
    std::string text = Pickler<std::string>::load(reader);
    take_until(text, "] ");
    if constexpr (has_place)
      return make_parse_error(id, byte, text);
    else
      return make(id, text);
  }

 private:
  static constexpr bool has_place = std::is_same_v<Error, nlohmann::json::parse_error>;

  // Takes the beginning of `text` with that; false: it is not there.
  static bool take_until(std::string& text, const char* last) {
    const std::size_t at = text.find(last);
    if (at == std::string::npos) return false;
    text.erase(0, at + std::char_traits<char>::length(last));
    return true;
  }
  static std::uint64_t take_number(std::string& text) {
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
      number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
    text.erase(0, digits);
    return number;
  }
  template <class... Arguments>
  static Error make(const Arguments&... arguments) {
    constexpr int version = NLOHMANN_JSON_VERSION_MAJOR * 100 + NLOHMANN_JSON_VERSION_MINOR;
    if constexpr (version >= 311) {
      return Error::create(arguments..., nullptr);
    } else if constexpr (version >= 310) {
      return Error::create(arguments..., nlohmann::json());
    } else {
      return Error::create(arguments...);
    }
  }
  // "parse error at line 1, column 2: …", "parse error at byte 3: …", or "parse error: …"
  static Error make_parse_error(int id, std::uint64_t byte, std::string text) {
    if (text.starts_with("parse error at line ") && take_until(text, " line ")) {
      nlohmann::detail::position_t position;
      position.chars_read_total = static_cast<std::size_t>(byte);
      position.lines_read = static_cast<std::size_t>(take_number(text) - 1);
      take_until(text, " column ");
      position.chars_read_current_line = static_cast<std::size_t>(take_number(text));
      take_until(text, ": ");
      return make(id, position, text);
    }
    take_until(text, ": ");
    return make(id, static_cast<std::size_t>(byte), text);
  }
};

}  // namespace detail

/// Any value of JSON.
template <>
struct Pickler<nlohmann::json> : detail::JsonValues<nlohmann::json> {};
/// The same, with members in their order.
template <>
struct Pickler<nlohmann::ordered_json> : detail::JsonValues<nlohmann::ordered_json> {};
/// What the library throws; the next ones likewise.
template <>
struct Pickler<nlohmann::json::parse_error> : detail::JsonError<nlohmann::json::parse_error> {};
template <>
struct Pickler<nlohmann::json::invalid_iterator> : detail::JsonError<nlohmann::json::invalid_iterator> {};
template <>
struct Pickler<nlohmann::json::type_error> : detail::JsonError<nlohmann::json::type_error> {};
template <>
struct Pickler<nlohmann::json::out_of_range> : detail::JsonError<nlohmann::json::out_of_range> {};
template <>
struct Pickler<nlohmann::json::other_error> : detail::JsonError<nlohmann::json::other_error> {};

namespace detail {
CONCURRENT_FUTURES_EXCEPTION(nlohmann::json::parse_error);
CONCURRENT_FUTURES_EXCEPTION(nlohmann::json::invalid_iterator);
CONCURRENT_FUTURES_EXCEPTION(nlohmann::json::type_error);
CONCURRENT_FUTURES_EXCEPTION(nlohmann::json::out_of_range);
CONCURRENT_FUTURES_EXCEPTION(nlohmann::json::other_error);
}  // namespace detail

}  // namespace concurrent::pickle::inline v0
