// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/plain_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <random>
#include <utility>

#include "support/catch.hpp"
#include "support/sanitizers.hpp"

using concurrent::multiprocessing::detail::PlainVector;

TEST_CASE("PlainVector: does what a std::deque does") {
  std::mt19937 random(3);
  PlainVector<std::uint64_t> ours;
  std::deque<std::uint64_t> theirs;
  for (int step = 0; step < 100'000; ++step) {
    switch (random() % 8) {
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
      case 4: {
        const std::size_t place = random() % (theirs.size() + 1);
        ours.insert(place, static_cast<std::uint64_t>(step));
        theirs.insert(theirs.begin() + static_cast<std::ptrdiff_t>(place), static_cast<std::uint64_t>(step));
        break;
      }
      case 5:
        if (!theirs.empty()) {
          const std::size_t place = random() % theirs.size();
          ours.erase(place);
          theirs.erase(theirs.begin() + static_cast<std::ptrdiff_t>(place));
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

namespace {

/// Counts how many there are, and is at most one of those that were made.
struct Counted {
  using MovedByBytes = int;
  static inline int living = 0;

  explicit Counted(int n) noexcept : number(n) { ++living; }
  Counted(Counted&& other) noexcept : number(std::exchange(other.number, -1)) { ++living; }
  Counted& operator=(Counted&&) = delete;
  ~Counted() { --living; }

  int number;
};

}  // namespace

TEST_CASE("PlainVector: values with a destructor are destroyed once each") {
  {
    PlainVector<Counted> ours;
    for (int i = 0; i < 100; ++i) ours.push_back(Counted(i));
    CHECK(Counted::living == 100);
    ours.erase(50);
    ours.pop_back();
    ours.pop_front();
    ours.insert(3, Counted(1000));
    CHECK(Counted::living == 98);
    CHECK(ours[2].number == 3);
    CHECK(ours[3].number == 1000);
    CHECK(ours[4].number == 4);
    CHECK(ours[50].number == 51);  // 50 has gone, and one came in front of it
    CHECK(ours.back().number == 98);

    PlainVector<Counted> moved = std::move(ours);
    CHECK(moved.size() == 98);
    ours = PlainVector<Counted>();
    ours.push_back(Counted(7));
    ours = std::move(moved);
    CHECK(ours.size() == 98);
    CHECK(moved.front().number == 7);
    moved = std::move(ours);
    CHECK(moved.size() == 98);
    moved.clear();
    CHECK(moved.empty());
    CHECK(moved.capacity() >= 98);
    CHECK(Counted::living == static_cast<int>(ours.size()));
  }
  CHECK(Counted::living == 0);
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
