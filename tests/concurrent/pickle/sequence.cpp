// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <memory_resource>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

namespace {

struct Point {
  int x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

// A container of another library: no relation to the standard's.
template <class T>
class Stack {
 public:
  using value_type = T;
  using iterator = typename std::vector<T>::const_iterator;
  iterator begin() const { return elements_.begin(); }
  iterator end() const { return elements_.end(); }
  std::size_t size() const { return elements_.size(); }
  void clear() { elements_.clear(); }
  void push_back(T&& value) { elements_.push_back(std::move(value)); }
  bool operator==(const Stack&) const = default;

 private:
  std::vector<T> elements_;
};

// Far larger than its bytes.
struct Large {
  std::optional<std::array<double, 1 << 16>> content;
};

}  // namespace

TEST_CASE("sequence: each standard sequence travels, empty or not") {
  check_round_trip(std::vector<int>{});
  check_round_trip(std::vector<int>{1, 2, 3});
  check_round_trip(std::vector<bool>{true, false, true});
  check_round_trip(std::vector<std::string>{"a", "", "ccc"});
  check_round_trip(std::deque<int>{1, 2});
  check_round_trip(std::deque<std::string>{"a", "b"});
  check_round_trip(std::list<double>{1, 2});
  check_round_trip(std::forward_list<std::string>{"a", "b", "c"});
  check_round_trip(std::vector<std::vector<std::list<int>>>{{{1}, {}}, {}, {{2, 3}}});
  check_round_trip(std::pmr::vector<int>{1, 2});
  check_round_trip(std::array<std::string, 2>{"a", "b"});
  check_round_trip(std::array<bool, 2>{true, false});
  check_round_trip(std::array<std::array<int, 2>, 2>{{{1, 2}, {3, 4}}});
}

TEST_CASE("sequence: a container of another library travels if it looks like one") {
  Stack<std::string> stack;
  stack.push_back("a");
  stack.push_back("b");
  check_round_trip(stack);
}

TEST_CASE("sequence: plain elements move as one block") {
  const std::vector<Point> points{{1, 2}, {3, 4}};
  check_round_trip(points);
  // the count, and then the memory of the elements
  CHECK(pickle::dumps(points).size() == sizeof(std::uint64_t) + 2 * sizeof(Point));
  CHECK(pickle::dumps(std::vector<int>(1000)).size() == sizeof(std::uint64_t) + 1000 * sizeof(int));
}

TEST_CASE("sequence: a count beyond the input is refused before anything is allocated") {
  for (const std::uint64_t count :
       {std::uint64_t{3}, std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{0} / 4 + 1}) {
    const Bytes bytes = bytes_of(count, 0, 0);  // two elements of four bytes
    CHECK(refusal<std::vector<int>>(bytes).find("a count of") != std::string::npos);
    CHECK_THROWS_AS(pickle::loads<std::deque<int>>(bytes), pickle::UnpicklingError);
    CHECK_THROWS_AS(pickle::loads<std::vector<std::string>>(bytes), pickle::UnpicklingError);
    CHECK_THROWS_AS(pickle::loads<std::forward_list<int>>(bytes), pickle::UnpicklingError);
  }
}

TEST_CASE("sequence: elements without content cannot make a short input long") {
  check_round_trip(std::vector<std::monostate>(5));
  check_round_trip(std::list<std::tuple<>>(3));
  CHECK_THROWS_AS(pickle::loads<std::vector<std::monostate>>(bytes_of(std::uint64_t{1} << 40)),
                  pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<std::list<std::tuple<>>>(bytes_of(~std::uint64_t{0})), pickle::UnpicklingError);
}

TEST_CASE("sequence: elements that are far larger than their bytes are not made room for in advance") {
  // a million elements of one byte each, the first of which is wrong: half a terabyte if room for them were reserved
  Bytes bytes = bytes_of(std::uint64_t{1'000'000});
  bytes.resize(bytes.size() + 1'000'000, std::byte{9});
  CHECK_THROWS_AS(pickle::loads<std::vector<Large>>(bytes), pickle::UnpicklingError);
}
