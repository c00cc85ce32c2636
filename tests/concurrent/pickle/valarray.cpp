// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <valarray>
#include <vector>

namespace {

template <class T>
void check_valarray(const std::valarray<T>& value) {
  const auto loaded = there_and_back(value);
  CHECK(std::vector<T>(std::begin(loaded), std::end(loaded)) == std::vector<T>(std::begin(value), std::end(value)));
  CHECK(refuses_other_lengths(value));
}

struct Large {
  std::optional<std::array<double, 1 << 16>> content;
};

}  // namespace

TEST_CASE("valarray: travels with its elements, numbers as one block") {
  check_valarray(std::valarray<double>{1, 2, 3});
  check_valarray(std::valarray<int>{});
  check_valarray(std::valarray<bool>{true, false});
  check_valarray(std::valarray<std::string>{"a", "", "ccc"});
  check_valarray(std::valarray<std::vector<int>>{{1}, {}, {2, 3}});
  CHECK(pickle::dumps(std::valarray<double>(10)) == pickle::dumps(std::vector<double>(10)));
}

TEST_CASE("valarray: a count beyond the input is refused before anything is allocated") {
  for (const std::uint64_t count : {std::uint64_t{3}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    CHECK_THROWS_AS(pickle::loads<std::valarray<int>>(bytes_of(count, 0, 0)), pickle::UnpicklingError);
    CHECK_THROWS_AS(pickle::loads<std::valarray<std::string>>(bytes_of(count, 0, 0)), pickle::UnpicklingError);
  }
  // a million elements of one byte each, the first of which is wrong
  Bytes bytes = bytes_of(std::uint64_t{1'000'000});
  bytes.resize(bytes.size() + 1'000'000, std::byte{9});
  CHECK_THROWS_AS(pickle::loads<std::valarray<Large>>(bytes), pickle::UnpicklingError);
}
