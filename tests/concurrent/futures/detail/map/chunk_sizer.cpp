// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <concurrent/futures/detail/map/chunk_sizer.hpp>

#include "support/catch.hpp"

namespace cf = concurrent::futures;
using cf::detail::ChunkSizer;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t plenty = 1'000'000'000;

/// The size that it comes to for items that take that long.
std::size_t settled(std::chrono::nanoseconds item) {
  ChunkSizer sizer(cf::auto_chunksize, 2);
  for (int i = 0; i < 30; ++i) {
    const std::size_t size = sizer.next(plenty);
    sizer.learn(size, item * size);
  }
  return sizer.next(plenty);
}

}  // namespace

TEST_CASE("ChunkSizer: a fixed size stays") {
  ChunkSizer sizer(7, 2);
  CHECK_FALSE(sizer.is_auto());
  sizer.learn(7, 1ns);
  CHECK(sizer.next(plenty) == 7);
  CHECK(sizer.next(1) == 7);
}

TEST_CASE("ChunkSizer: begins with one item, and comes to about four milliseconds' worth") {
  CHECK(ChunkSizer(cf::auto_chunksize, 2).next(plenty) == 1);
  CHECK(settled(100ns) == 40'000);
  CHECK(settled(10us) == 400);
  CHECK(settled(1ms) == 4);
  CHECK(settled(1s) == 1);
  CHECK(settled(1ns) == 80'000);  // on their way items cost more than that
}

TEST_CASE("ChunkSizer: one fast item does not make the next chunk huge") {
  ChunkSizer sizer(cf::auto_chunksize, 2);
  sizer.learn(1, 10ns);
  CHECK(sizer.next(plenty) <= 8);
}

TEST_CASE("ChunkSizer: follows items that become slow at once") {
  ChunkSizer sizer(cf::auto_chunksize, 2);
  for (int i = 0; i < 20; ++i) sizer.learn(10'000, 1ms);
  sizer.learn(100, 1s);
  CHECK(sizer.next(plenty) == 1);
}

TEST_CASE("ChunkSizer: near the end the chunks become smaller, but not too small to be worth a call") {
  ChunkSizer sizer(cf::auto_chunksize, 2);
  for (int i = 0; i < 20; ++i) sizer.learn(10'000, 1ms);  // 100 ns an item
  CHECK(sizer.next(6'000) == 1'000);
  CHECK(sizer.next(60) == 500);
  CHECK(sizer.next(0) >= 1);
}

TEST_CASE("ChunkSizer: chunks that are dealt take half of what is left together") {
  ChunkSizer sizer(cf::auto_chunksize, 2);
  CHECK(sizer.next_of(6, plenty) == 1);
  for (int i = 0; i < 20; ++i) sizer.learn(10'000, 1ms);  // 100 ns an item
  CHECK(sizer.next_of(6, 60'000) == 5'000);
  CHECK(sizer.next_of(6, 60) == 500);
  CHECK(sizer.next_of(6, plenty) == sizer.next(plenty));
}
