// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <unordered_map>
#include <unordered_set>

TEST_CASE("associative: each standard set and map travels") {
  check_round_trip(std::set<int>{3, 1, 2});
  check_round_trip(std::set<int, std::greater<>>{3, 1, 2});
  check_round_trip(std::multiset<int>{1, 1, 2});
  check_round_trip(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  check_round_trip(std::multimap<int, std::string>{{1, "a"}, {1, "b"}});
  check_round_trip(std::unordered_set<std::string>{"a", "b"});
  check_round_trip(std::unordered_multiset<int>{1, 1, 2});
  check_round_trip(std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  check_round_trip(std::unordered_multimap<int, int>{{1, 1}, {1, 2}});
  check_round_trip(std::map<int, std::map<int, int>>{{1, {{2, 3}}}});
}

TEST_CASE("associative: a key that comes twice is refused where keys are unique") {
  CHECK(refusal<std::set<int>>(bytes_of(std::uint64_t{2}, 7, 7)).find("same key twice") != std::string::npos);
  CHECK_THROWS_AS((pickle::loads<std::map<int, int>>(bytes_of(std::uint64_t{2}, 7, 0, 7, 0))), pickle::UnpicklingError);
  CHECK(pickle::loads<std::multiset<int>>(bytes_of(std::uint64_t{2}, 7, 7)).size() == 2);
}

TEST_CASE("associative: a count beyond the input is refused before anything is allocated") {
  for (const std::uint64_t count : {std::uint64_t{2}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    CHECK_THROWS_AS(pickle::loads<std::unordered_set<int>>(bytes_of(count, 7)), pickle::UnpicklingError);
    CHECK_THROWS_AS((pickle::loads<std::map<int, int>>(bytes_of(count, 7, 7))), pickle::UnpicklingError);
  }
}

TEST_CASE("associative: queue, stack and priority_queue keep their order") {
  check_round_trip(std::stack<int>(std::deque<int>{1, 2, 3}));
  check_round_trip(std::queue<std::string>(std::deque<std::string>{"a", "b"}));
  std::priority_queue<int, std::vector<int>, std::greater<>> queue;
  for (const int i : {5, 1, 3}) queue.push(i);
  auto loaded = there_and_back(queue);
  for (const int i : {1, 3, 5}) {
    REQUIRE(!loaded.empty());
    CHECK(loaded.top() == i);
    loaded.pop();
  }
}

TEST_CASE("associative: a priority_queue is a heap whatever the bytes say") {
  auto queue = pickle::loads<std::priority_queue<int>>(bytes_of(std::uint64_t{3}, 1, 2, 3));
  CHECK(queue.top() == 3);
}
