// SPDX-License-Identifier: BSL-1.0
// Where nlohmann's JSON is installed.
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define HAS_JSON
#endif

#include "support/catch.hpp"

#ifdef HAS_JSON
#include <concurrent/pickle.hpp>
#include <concurrent/pickle/nlohmann_json.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pickle = concurrent::pickle;

namespace {

struct Entry {
  nlohmann::json json{};
  int line = 0;
};

template <class T>
T trip(const T& value) {
  return pickle::loads<T>(pickle::dumps(value));
}

nlohmann::json some_json() {
  nlohmann::json json;
  json["array"] = {1, -2, 3.5, true, nullptr, std::string("no UTF-8: \xff\0", 12)};
  json["binary"] = nlohmann::json::binary({1, 2}, 7);
  json["unsigned"] = UINT64_MAX;
  json["object"] = {{"empty", nlohmann::json::object()}};
  return json;
}

TEST_CASE("nlohmann_json: every kind of value arrives equal") {
  CHECK(trip(some_json()) == some_json());
  CHECK(trip(Entry{some_json(), 3}).json == some_json());
  CHECK(trip(std::vector<nlohmann::json>{some_json(), 1}).at(1) == 1);
}

TEST_CASE("nlohmann_json: ordered_json keeps its order") {
  nlohmann::ordered_json json;
  json["z"] = 1;
  json["a"] = 2;
  CHECK(trip(json).dump() == json.dump());
}

TEST_CASE("nlohmann_json: functions that return json, and enumerations, are what they are") {
  CHECK(trip(&some_json) == &some_json);
  CHECK(trip(nlohmann::json::value_t::array) == nlohmann::json::value_t::array);
}

template <class Error, class Function>
void check_thrown(Function function) {
  try {
    function();
    FAIL("it did not throw");
  } catch (const Error& error) {
    const auto arrived = trip(error);
    CHECK(std::string(arrived.what()) == error.what());
    CHECK(arrived.id == error.id);
    if constexpr (std::is_same_v<Error, nlohmann::json::parse_error>) CHECK(arrived.byte == error.byte);
    // And as what a call throws.
    pickle::detail::VectorWriter writer;
    pickle::dump_exception(writer, std::current_exception());
    pickle::Reader reader({writer.data(), writer.size()});
    try {
      std::rethrow_exception(pickle::load_exception(reader, "worker", 1, "f()"));
    } catch (const Error& thrown) {
      CHECK(std::string(thrown.what()) == error.what());
      CHECK(thrown.id == error.id);
    }
  }
}

TEST_CASE("nlohmann_json: the library's exceptions arrive with type, text and content") {
  using nlohmann::json;
  check_thrown<json::parse_error>([] { return json::parse("{\n  1}").size(); });
  check_thrown<json::parse_error>([] { return json::from_cbor(std::vector<std::uint8_t>{0x81}).size(); });
  check_thrown<json::parse_error>([] { return json::json_pointer("x").empty(); });
  check_thrown<json::type_error>([] { return json(1).get<std::string>(); });
  check_thrown<json::out_of_range>([] { return json::object().at("q").size(); });
  check_thrown<json::invalid_iterator>([] {
    json one = json::array({1});
    json other = json::array({2});
    one.erase(other.begin());
  });
  check_thrown<json::other_error>([] {
    json document = 1;
    return document.patch(json::parse(R"([{"op": "test", "path": "", "value": 2}])")).size();
  });
}

TEST_CASE("nlohmann_json: hostile bytes are an UnpicklingError or a value, never more") {
  const auto bytes = pickle::dumps(some_json());
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    auto damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    if (i % 5 == 0) damaged.resize(random() % damaged.size());
    try {
      static_cast<void>(pickle::loads<nlohmann::json>(damaged));
    } catch (const pickle::UnpicklingError&) {
      ++refused;
    }
  }
  CHECK(refused > 1000);
  std::vector<std::byte> deep(900000);  // arrays of one element, one in the other
  for (std::size_t i = 0; i < deep.size(); ++i) deep[i] = static_cast<std::byte>(i % 9 == 0 ? 2 : i % 9 == 1);
  CHECK_THROWS_AS(pickle::loads<nlohmann::json>(deep), pickle::UnpicklingError);
}

}  // namespace
#endif
