// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <bitset>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <vector>

TEST_CASE("shaped: complex numbers travel, in a block too") {
  check_round_trip(std::complex<double>(1.5, -2));
  check_round_trip(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
  CHECK(pickle::dumps(std::vector<std::complex<float>>(10)).size() == 8 + 10 * 8);
}

TEST_CASE("shaped: bitsets of any size travel, a byte for eight bits") {
  check_round_trip(std::bitset<0>());
  check_round_trip(std::bitset<1>(1));
  check_round_trip(std::bitset<13>(0x1a5a));
  std::bitset<200> bits;
  bits[0] = bits[77] = bits[199] = true;
  check_round_trip(bits);
  CHECK(pickle::dumps(bits).size() == 25);
}

TEST_CASE("shaped: bits beyond a bitset are refused") {
  CHECK(pickle::loads<std::bitset<5>>(bytes_of(std::uint8_t{31})).all());
  CHECK_THROWS_AS(pickle::loads<std::bitset<5>>(bytes_of(std::uint8_t{32})), pickle::UnpicklingError);
}

TEST_CASE("shaped: paths travel") {
  check_round_trip(std::filesystem::path("/a/b c/d.txt"));
  check_round_trip(std::vector<std::filesystem::path>{"relative", ""});
}
