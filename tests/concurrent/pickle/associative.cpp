// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <boost/unordered_map.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

bool descending(int a, int b) { return a > b; }
std::size_t hash_of(int value) { return static_cast<std::size_t>(value) * 7; }
bool same_last_digit(int a, int b) { return a % 10 == b % 10; }
std::size_t hash_of_last_digit(int value) { return static_cast<std::size_t>(value % 10); }

struct Direction {
  bool reversed = false;
  bool operator()(int a, int b) const { return reversed ? a > b : a < b; }
};
struct ByFunction {
  bool (*compare)(int, int) = nullptr;
  bool operator()(int a, int b) const { return compare(a, b); }
};
struct ByRank {
  std::shared_ptr<std::map<int, int>> rank;
  bool operator()(int a, int b) const { return (*rank)[a] < (*rank)[b]; }
};
struct Record {
  int id = 0;
  int age = 0;
  bool operator==(const Record&) const = default;
};
struct ByMember {
  int Record::* member = &Record::id;
  bool operator()(const Record& a, const Record& b) const { return a.*member < b.*member; }
};
class Seeded {  // no default constructor
 public:
  explicit Seeded(std::size_t seed) : seed_(seed) {}
  std::size_t operator()(int value) const { return static_cast<std::size_t>(value) ^ seed_; }
  std::size_t seed() const { return seed_; }

 private:
  std::size_t seed_;
};

struct Node;
struct ByNode {
  std::shared_ptr<Node> node;
  bool operator()(int a, int b) const;
};
struct Node {
  int factor = 1;
  std::set<int, ByNode> numbers;
};
bool ByNode::operator()(int a, int b) const { return a * node->factor < b * node->factor; }

// Has the members of a map, and one more.
struct Named : std::map<int, int> {
  std::string name;
};
struct Queue : std::queue<int> {
  int limit = 0;
};

}  // namespace

template <>
inline constexpr bool concurrent::pickle::enable_bitwise<Seeded> = true;

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

TEST_CASE("associative: what a set or map is ordered by travels with it") {
  const std::set<int, bool (*)(int, int)> by_function({1, 3, 2}, &descending);
  check_round_trip(by_function);
  CHECK(*there_and_back(by_function).begin() == 3);
  CHECK(there_and_back(by_function).key_comp() == &descending);

  auto by_flag = there_and_back(std::multiset<int, Direction>({1, 3, 2, 3}, Direction{true}));
  CHECK(std::vector<int>(by_flag.begin(), by_flag.end()) == std::vector<int>{3, 3, 2, 1});
  by_flag.insert(5);
  CHECK(*by_flag.begin() == 5);

  check_round_trip(std::map<int, std::string, Direction>({{1, "a"}, {2, "b"}}, Direction{true}));
  check_round_trip(std::multimap<int, int, ByFunction>({{1, 2}, {1, 3}}, ByFunction{&descending}));
  check_round_trip(std::set<Record, ByMember>({{1, 9}, {2, 5}}, ByMember{&Record::age}));
  check_round_trip(boost::container::flat_set<int, Direction>({1, 3, 2}, Direction{true}));
  check_round_trip(boost::container::flat_map<int, int>{{1, 2}});

  const ByRank by_rank{std::make_shared<std::map<int, int>>(std::map<int, int>{{1, 9}, {2, 5}})};
  const auto ranked = there_and_back(std::set<int, ByRank>({1, 2}, by_rank));
  CHECK(*ranked.begin() == 2);
}

TEST_CASE("associative: hash and equality travel with an unordered set or map") {
  using Function = std::unordered_map<int, std::string, std::size_t (*)(int), bool (*)(int, int)>;
  Function by_function(8, &hash_of_last_digit, &same_last_digit);
  by_function[1] = "a";
  by_function[12] = "b";
  check_round_trip(by_function);
  const Function loaded = there_and_back(by_function);
  CHECK(loaded.at(21) == "a");

  using Simple = std::unordered_set<int, std::size_t (*)(int)>;
  check_round_trip(Simple({1, 2, 3}, 8, &hash_of));
  using WithSeed = std::unordered_multiset<int, Seeded>;
  check_round_trip(WithSeed({1, 1, 2}, 8, Seeded(5)));
  CHECK(there_and_back(WithSeed({1, 1, 2}, 8, Seeded(5))).hash_function().seed() == 5);
  check_round_trip(boost::unordered_map<int, int, Seeded>(8, Seeded(5)));
}

TEST_CASE("associative: a priority_queue keeps what it is ordered by") {
  std::priority_queue<int, std::vector<int>, bool (*)(int, int)> by_function(&descending);
  std::priority_queue<int, std::vector<int>, Direction> by_flag(Direction{true});
  for (const int i : {5, 1, 3}) {
    by_function.push(i);
    by_flag.push(i);
  }
  CHECK(there_and_back(by_function).top() == 1);
  CHECK(there_and_back(by_flag).top() == 1);
}

TEST_CASE("associative: what is compared or hashed with and cannot be pickled is refused") {
  STATIC_REQUIRE(!pickle::Picklable<std::set<int, std::function<bool(int, int)>>>);
  STATIC_REQUIRE(!pickle::Picklable<std::priority_queue<int, std::vector<int>, std::function<bool(int, int)>>>);
  STATIC_REQUIRE(!pickle::Picklable<std::unordered_map<int, int, std::function<std::size_t(int)>>>);
  const auto captures = [limit = 3](int a, int b) { return a % limit < b % limit; };
  STATIC_REQUIRE(!pickle::Picklable<std::set<int, std::remove_const_t<decltype(captures)>>>);
  const auto stateless = [](int a, int b) { return a > b; };
  check_round_trip(std::set<int, std::remove_const_t<decltype(stateless)>>{1, 2});
}

TEST_CASE("associative: a null pointer is never called: neither sent nor believed") {
  CHECK_THROWS_AS(pickle::dumps(std::set<int, bool (*)(int, int)>()), pickle::PicklingError);
  CHECK_THROWS_AS(pickle::dumps(std::set<int, ByFunction>()), pickle::PicklingError);
  CHECK_THROWS_AS(pickle::dumps(std::set<int, ByRank>()), pickle::PicklingError);
  CHECK_THROWS_AS(pickle::dumps(std::set<Record, ByMember>(ByMember{nullptr})), pickle::PicklingError);

  const std::byte null{0};  // the tag of a null function, and of a null shared_ptr
  CHECK(refusal<std::set<int, bool (*)(int, int)>>(bytes_of(null, std::uint64_t{2}, 1, 2)).find("null pointer") !=
        std::string::npos);
  CHECK(refusal<std::set<int, ByFunction>>(bytes_of(null, std::uint64_t{2}, 1, 2)).find("null pointer") !=
        std::string::npos);
  CHECK(refusal<std::set<int, ByRank>>(bytes_of(null, std::uint64_t{2}, 1, 2)).find("null pointer") !=
        std::string::npos);
  CHECK_THROWS_AS((pickle::loads<std::set<Record, ByMember>>(
                      bytes_of(std::ptrdiff_t{-1}, std::uint64_t{2}, Record{1, 2}, Record{3, 4}))),
                  pickle::UnpicklingError);
  using Queue = std::priority_queue<int, std::vector<int>, bool (*)(int, int)>;
  CHECK_THROWS_AS(pickle::loads<Queue>(bytes_of(null, std::uint64_t{2}, 1, 2)), pickle::UnpicklingError);
  using Map = std::unordered_map<int, int, std::size_t (*)(int)>;
  CHECK_THROWS_AS(pickle::loads<Map>(bytes_of(null, std::uint64_t{1}, 1, 2)), pickle::UnpicklingError);

  // elsewhere they are values like any other
  using Elements = std::pair<std::set<int, Direction>, bool (*)(int, int)>;
  CHECK(there_and_back(Elements({1}, nullptr)).second == nullptr);
}

TEST_CASE("associative: what an object is compared with is complete when it is called") {
  // the set of a node that is compared by the node itself, which is still being read
  const Bytes bytes = bytes_of(std::byte{1}, 5, std::byte{2}, std::uint64_t{0}, std::uint64_t{2}, 1, 2);
  CHECK(refusal<std::shared_ptr<Node>>(bytes).find("not there") != std::string::npos);
}

TEST_CASE("associative: a class derived from a map or a queue is refused") {
  STATIC_REQUIRE(!pickle::Picklable<Named>);
  STATIC_REQUIRE(!pickle::Picklable<Queue>);
}
