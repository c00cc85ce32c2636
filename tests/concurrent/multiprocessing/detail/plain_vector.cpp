// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <cstdint>
#include <deque>
#include <new>
#include <random>

#include "support/catch.hpp"
#include "support/sanitizers.hpp"

using concurrent::multiprocessing::detail::PlainVector;

TEST_CASE("PlainVector: does what a std::deque does") {
  std::mt19937 random(3);
  PlainVector<std::uint64_t> ours;
  std::deque<std::uint64_t> theirs;
  for (int step = 0; step < 100'000; ++step) {
    switch (random() % 6) {
      case 0:
        if (!theirs.empty()) {
          ours.pop_back();
          theirs.pop_back();
        }
        break;
      case 1:
        if (!theirs.empty()) {
          ours.pop_front();
          theirs.pop_front();
        }
        break;
      case 2:
        if (!theirs.empty()) {  // an element of its own, while it grows
          ours.push_back(ours[0]);
          theirs.push_back(theirs.front());
        }
        break;
      case 3:
        if (step % 1000 == 0) {
          ours.clear();
          theirs.clear();
        }
        break;
      default:
        ours.push_back(static_cast<std::uint64_t>(step));
        theirs.push_back(static_cast<std::uint64_t>(step));
    }
    REQUIRE(ours.size() == theirs.size());
    REQUIRE(ours.empty() == theirs.empty());
    if (!theirs.empty()) REQUIRE(ours.back() == theirs.back());
  }
  std::size_t i = 0;
  for (const std::uint64_t value : ours) REQUIRE(value == theirs[i++]);
  REQUIRE(i == theirs.size());
}

TEST_CASE("PlainVector: what was reserved stays where it is, and too much is refused without a loss") {
  PlainVector<int> numbers;
  numbers.reserve(1000);
  numbers.push_back(7);
  const int* const first = numbers.begin();
  for (int i = 1; i < 1000; ++i) numbers.push_back(i);
  CHECK(numbers.begin() == first);
  // A sanitizer's allocator ends the program instead.
  if (!support::sanitizes_addresses && !support::sanitizes_threads)
    CHECK_THROWS_AS(numbers.reserve(static_cast<std::size_t>(-1) / 8), std::bad_alloc);
  CHECK(numbers.size() == 1000);
  CHECK(numbers[0] == 7);
}
