// SPDX-License-Identifier: BSL-1.0
/// nlohmann::json and nlohmann::ordered_json as arguments and results and as members of what is sent: every kind of
/// value, strings with any bytes, numbers to the last bit. Not part of pickle.hpp: who includes this has that library.
#pragma once

#include <concurrent/pickle/detail/depth.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/pickler.hpp>
#include <concurrent/pickle/values.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
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

}  // namespace detail

/// Any value of JSON.
template <>
struct Pickler<nlohmann::json> : detail::JsonValues<nlohmann::json> {};
/// The same, with members in their order.
template <>
struct Pickler<nlohmann::ordered_json> : detail::JsonValues<nlohmann::ordered_json> {};

}  // namespace concurrent::pickle::inline v0
