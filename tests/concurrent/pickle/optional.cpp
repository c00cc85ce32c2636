// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#if __has_include(<expected>)
#include <expected>
#endif

namespace {

struct Throws {
  Throws() = default;
  Throws(const Throws&) { throw std::runtime_error("copy"); }
  Throws& operator=(const Throws&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive();
  }
};

}  // namespace

TEST_CASE("optional: an optional travels with or without a value") {
  check_round_trip(std::optional<int>());
  check_round_trip(std::optional<std::string>("a"));
  check_round_trip(std::optional<std::optional<bool>>(std::optional<bool>()));
}

TEST_CASE("optional: its flag is 0 or 1") {
  CHECK(refusal<std::optional<int>>(bytes_of(std::uint8_t{2}, 1)).find("flag of an optional") != std::string::npos);
}

TEST_CASE("optional: a variant travels as the alternative that it holds") {
  using Variant = std::variant<int, std::string, std::vector<int>, std::string>;
  check_round_trip(Variant(1));
  check_round_trip(Variant(std::in_place_index<1>, "a"));
  check_round_trip(Variant(std::in_place_index<3>, "a"));  // of two alike, the one it was
  check_round_trip(std::vector<Variant>{Variant(std::vector<int>{1, 2}), Variant(2)});
  check_round_trip(std::variant<std::monostate, int>());
}

TEST_CASE("optional: a variant's index is one of its alternatives") {
  CHECK(refusal<std::variant<int, char>>(bytes_of(std::uint8_t{2}, 1)).find("2 of 2") != std::string::npos);
  CHECK_THROWS_AS((pickle::loads<std::variant<int>>(bytes_of(std::uint8_t{255}, 1))), pickle::UnpicklingError);
}

TEST_CASE("optional: a variant without a value cannot be pickled") {
  std::variant<int, Throws> variant = 1;
  const Throws throws;
  CHECK_THROWS_AS(variant.emplace<1>(throws), std::runtime_error);
  REQUIRE(variant.valueless_by_exception());
  CHECK_THROWS_AS(pickle::dumps(variant), pickle::PicklingError);
}

#ifdef __cpp_lib_expected
TEST_CASE("optional: an expected travels as value or error") {
  check_round_trip(std::expected<int, std::string>(1));
  check_round_trip(std::expected<int, std::string>(std::unexpected("wrong")));
  check_round_trip(std::expected<void, int>());
}
#endif
