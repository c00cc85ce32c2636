// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <cstdint>

TEST_CASE("Reader: yields what is there and refuses to go beyond") {
  const Bytes bytes = bytes_of('a', 'b', 'c');
  pickle::Reader reader(bytes);
  CHECK(reader.remaining() == 3);
  CHECK(!reader.views_allowed());
  char two[2];
  reader.read(two, 2);
  CHECK(two[1] == 'b');
  CHECK(reader.position() == 2);
  CHECK_THROWS_AS(reader.read(two, 2), pickle::UnpicklingError);
  CHECK(reader.view(1) == bytes.data() + 2);
  CHECK(reader.remaining() == 0);
  CHECK_THROWS_AS(reader.view(1), pickle::UnpicklingError);
  CHECK_THROWS_AS(reader.view(~std::size_t{0}), pickle::UnpicklingError);
  reader.view(0);
}

TEST_CASE("Reader: an error says where it is and what is missing") {
  const Bytes bytes = bytes_of(std::uint32_t{1});
  CHECK(refusal<std::uint64_t>(bytes) ==
        "concurrent::pickle: the bytes end too early: 8 more are needed, 4 are left (at byte 0 of 4). These bytes are "
        "damaged or were written for another type.");
}

TEST_CASE("Reader: counts are held against what is left") {
  const Bytes bytes = bytes_of(std::uint64_t{2}, std::uint32_t{0}, std::uint32_t{0});
  CHECK(pickle::Reader(bytes).get_count(4) == 2);
  CHECK(pickle::Reader(bytes).get_count(1) == 2);
  CHECK_THROWS_AS(pickle::Reader(bytes).get_count(5), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::Reader(bytes_of(~std::uint64_t{0})).get_count(1), pickle::UnpicklingError);
}

TEST_CASE("Reader: align passes over padding as Writer makes it") {
  const Bytes bytes(24);
  pickle::Reader reader(bytes);
  reader.align(8);
  CHECK(reader.position() == 0);
  reader.view(1);
  reader.align(8);
  CHECK(reader.position() == 8);
  reader.view(9);
  CHECK_THROWS_AS(reader.align(64), pickle::UnpicklingError);
}
