// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <boost/circular_buffer.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <boost/container/vector.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <memory>
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

// A container of another library: no relation to the standard's, and known by enable_container below.
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

// Travels as its bytes, and cannot be made without them or assigned.
struct ConstantMembers {
  const int id;
  int numbers[3];
  const double factor;
  bool operator==(const ConstantMembers&) const = default;
};

// Has the members of a container, and one more.
struct Track : std::vector<double> {
  std::string name;
};
class Route : public std::list<int> {
 public:
  Route() = default;

 private:
  int length_ = 0;
};
struct Said : std::vector<int> {
  std::string name;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(static_cast<std::vector<int>&>(*this), name);
  }
};
class Names : public std::vector<std::string> {
 public:
  using vector::vector;
};

// Holds at most three elements, and drops what comes after them.
template <class T>
class Three {
 public:
  using value_type = T;
  using iterator = typename std::vector<T>::const_iterator;
  iterator begin() const { return elements_.begin(); }
  iterator end() const { return elements_.end(); }
  std::size_t size() const { return elements_.size(); }
  void clear() { elements_.clear(); }
  void push_back(const T& value) {
    if (size() < 3) elements_.push_back(value);
  }
  const T* data() const { return elements_.data(); }
  T* data() { return elements_.data(); }
  void resize(std::size_t size) { elements_.resize(size < 3 ? size : 3); }
  bool operator==(const Three&) const = default;

 private:
  std::vector<T> elements_;
};

template <class T>
struct CountingAllocator {
  using value_type = T;
  int* count = nullptr;
  CountingAllocator() = default;
  template <class Other>
  explicit CountingAllocator(const CountingAllocator<Other>& other) : count(other.count) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* elements, std::size_t n) { std::allocator<T>().deallocate(elements, n); }
  bool operator==(const CountingAllocator&) const = default;
};

// An aggregate that happens to have the members of a container is taken apart like any other.
struct Polygon {
  using value_type = Point;
  using iterator = std::vector<Point>::const_iterator;
  std::vector<Point> points;
  std::string colour;
  iterator begin() const { return points.begin(); }
  iterator end() const { return points.end(); }
  std::size_t size() const { return points.size(); }
  void clear() { points.clear(); }
  void push_back(const Point& point) { points.push_back(point); }
  bool operator==(const Polygon&) const = default;
};

}  // namespace

template <class T>
inline constexpr bool concurrent::pickle::enable_container<Stack<T>> = true;
template <class T>
inline constexpr bool concurrent::pickle::enable_container<Three<T>> = true;
template <>
inline constexpr bool concurrent::pickle::enable_container<Names> = true;

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

TEST_CASE("sequence: a container of another library travels if the program says that it holds its elements alone") {
  Stack<std::string> stack;
  stack.push_back("a");
  stack.push_back("b");
  check_round_trip(stack);
}

TEST_CASE("sequence: a class derived from a container says what it holds, or is refused") {
  STATIC_REQUIRE(!pickle::Picklable<Track>);
  STATIC_REQUIRE(!pickle::Picklable<std::optional<Track>>);
  STATIC_REQUIRE(!pickle::Picklable<Route>);
  Said said;
  said.assign({1, 2});
  said.name = "a";
  CHECK(there_and_back(said).name == "a");
  check_round_trip(said);
  check_round_trip(Names{"a", "b"});
  check_round_trip(Polygon{{{1, 2}}, "red"});
}

TEST_CASE("sequence: containers of Boost.Container travel, a ring buffer's capacity would not, so it is refused") {
  check_round_trip(boost::container::vector<std::string>{"a", "b"});
  check_round_trip(boost::container::small_vector<int, 2>{1, 2, 3});
  check_round_trip(boost::container::static_vector<int, 4>{1, 2, 3});
  check_round_trip(boost::container::static_vector<std::string, 2>{"a", "b"});
  STATIC_REQUIRE(!pickle::Picklable<boost::circular_buffer<int>>);
}

TEST_CASE("sequence: as many elements arrive as were sent") {
  CHECK(refusal<boost::container::static_vector<int, 2>>(bytes_of(std::uint64_t{3}, 1, 2, 3))
            .find("takes 2 of 3 elements") != std::string::npos);
  CHECK(refusal<boost::container::static_vector<std::string, 2>>(
            bytes_of(std::uint64_t{3}, std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0}))
            .find("takes 2 of 3 elements") != std::string::npos);
  check_round_trip([] {
    Three<int> three;
    for (const int i : {1, 2, 3}) three.push_back(i);
    return three;
  }());
  CHECK(refusal<Three<int>>(bytes_of(std::uint64_t{4}, 1, 2, 3, 4)).find("takes 3 of 4 elements") != std::string::npos);
  CHECK(refusal<Three<bool>>(bytes_of(std::uint64_t{4}, true, true, true, true)).find("takes 3 of 4 elements") !=
        std::string::npos);
}

TEST_CASE("sequence: a container with an allocator that has a state is refused") {
  STATIC_REQUIRE(!pickle::Picklable<std::vector<int, CountingAllocator<int>>>);
  STATIC_REQUIRE(!pickle::Picklable<std::list<int, CountingAllocator<int>>>);
  STATIC_REQUIRE(!pickle::Picklable<std::basic_string<char, std::char_traits<char>, CountingAllocator<char>>>);
  STATIC_REQUIRE(pickle::Picklable<std::pmr::vector<std::pmr::string>>);
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

TEMPLATE_TEST_CASE(
    "sequence: elements that travel as their bytes and cannot be assigned arrive wherever the bytes stand", "",
    std::vector<ConstantMembers>, std::deque<ConstantMembers>, std::list<ConstantMembers>,
    boost::container::vector<ConstantMembers>) {
  constexpr std::size_t few = 3;
  constexpr std::size_t large = std::size_t{5'000'000} / sizeof(ConstantMembers);
  for (const std::size_t count : {std::size_t{0}, few, large}) {
    TestType value;
    for (std::size_t i = 0; i < count; ++i) value.push_back({static_cast<int>(i), {1, 2, 3}, 0.5});
    const Bytes bytes = pickle::dumps(value);
    for (std::size_t shift = 0; shift < sizeof(double); ++shift) {
      Bytes shifted(shift);
      shifted.insert(shifted.end(), bytes.begin(), bytes.end());
      const bool equal = pickle::loads<TestType>(std::span(shifted).subspan(shift)) == value;
      CHECK(equal);
    }
  }
}
