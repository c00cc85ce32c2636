// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <utility>

namespace {

// At several points of its course, and goes on as the one that was sent would have.
template <class Engine>
void check_engine() {
  Engine engine(12345);
  for (const unsigned steps : {0u, 1u, 7u, 300u, 400u}) {
    engine.discard(steps);
    check_round_trip(engine);
    Engine sent = engine;
    Engine loaded = there_and_back(engine);
    bool same = true;
    for (int i = 0; i < 2000; ++i) same = same && sent() == loaded();
    CHECK(same);
  }
}

// Whether the bytes of an engine, with a part of them replaced, are refused.
template <class Engine, class Part>
bool refuses(std::size_t offset, Part part) {
  Bytes bytes = pickle::dumps(Engine());
  REQUIRE(offset + sizeof(part) <= bytes.size());
  std::memcpy(bytes.data() + offset, &part, sizeof(part));
  return !refusal<Engine>(bytes).empty();
}

}  // namespace

TEST_CASE("random_engine: each of the standard's arrives in its state") {
  check_engine<std::minstd_rand0>();
  check_engine<std::minstd_rand>();
  check_engine<std::mt19937>();
  check_engine<std::mt19937_64>();
  check_engine<std::ranlux24_base>();
  check_engine<std::ranlux48_base>();
  check_engine<std::ranlux24>();
  check_engine<std::ranlux48>();
  check_engine<std::knuth_b>();
  check_engine<std::independent_bits_engine<std::mt19937, 40, std::uint64_t>>();
  check_engine<std::shuffle_order_engine<std::ranlux48, 16>>();
  check_round_trip(std::vector<std::mt19937>(2));
  check_round_trip(std::pair<std::mt19937, int>(std::mt19937(7), 3));
}

TEST_CASE("random_engine: no state that it cannot be in is believed") {
  constexpr std::size_t end = sizeof(std::size_t);
  const std::size_t large = ~std::size_t{0};
  CHECK(refuses<std::mt19937>(sizeof(std::mt19937) - end, std::size_t{625}));
  CHECK(refuses<std::mt19937>(sizeof(std::mt19937) - end, large));
  CHECK(refuses<std::mt19937_64>(sizeof(std::mt19937_64) - end, std::size_t{313}));
  CHECK(refuses<std::ranlux24_base>(sizeof(std::ranlux24_base) - end, std::size_t{24}));
  CHECK(refuses<std::ranlux24>(sizeof(std::ranlux24) - end, large));
  CHECK(refuses<std::ranlux24>(sizeof(std::ranlux24_base) - end, std::size_t{24}));
  CHECK(refuses<std::minstd_rand>(0, std::minstd_rand::result_type{0}));
  CHECK(refuses<std::minstd_rand>(0, std::minstd_rand::max() + 1));
  CHECK(refuses<std::knuth_b>(sizeof(std::knuth_b) - sizeof(std::knuth_b::result_type), std::knuth_b::max() + 1));
  CHECK(refuses<std::knuth_b>(0, std::knuth_b::result_type{0}));
}
