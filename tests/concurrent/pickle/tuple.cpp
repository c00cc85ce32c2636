// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

struct Point {
  int x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

struct Person {
  std::string name;
  Point home;
  std::optional<int> age;
  std::vector<Person> children;
  bool happy = false;
  bool operator==(const Person&) const = default;
};

struct WithArrays {
  char name[8] = {};
  int grid[2][3] = {};
  std::string texts[2];
  bool flags[3] = {};
  double last = 0;
  bool operator==(const WithArrays&) const = default;
};

struct NoDefault {
  explicit NoDefault(int n) : number(n) {}
  int number;
  bool operator==(const NoDefault&) const = default;
  template <class Archive>
  friend void save(Archive& archive, const NoDefault& value) {
    archive(value.number);
  }
};

struct Constant {
  const int number;
  const std::string text;
  bool operator==(const Constant&) const = default;
};

struct MoveOnly {
  std::unique_ptr<int> number;
  std::string text;
};

struct Base {
  int number = 0;
};
struct Derived : Base {
  int more = 0;
};
struct HoldsReference {
  int& number;
};
struct HoldsPointer {
  int number;
  std::vector<const char*> names;
};
struct HoldsView {
  std::string_view text;
  std::span<const int> numbers;
};

struct Wide {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
  std::string c0, c1, c2, c3, c4, c5, c6, c7, c8, c9;
  int d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9;
  std::string f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9;
  std::string h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, i0, i1, i2, i3, i4, i5, i6, i7, i8, i9;
  int j0, j1, j2, j3, j4, j5, j6, j7, j8, j9;  // as many members as can be told apart
  bool operator==(const Wide&) const = default;
};
struct WideWithArray {
  std::string texts[2];
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
  std::string c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, last;  // as many as can be told apart where there is an array
  bool operator==(const WideWithArray&) const = default;
};
struct MoveOnlyConstant {  // no assignment either
  const int id;
  std::unique_ptr<int> number;
};

}  // namespace

TEST_CASE("tuple: pairs and tuples travel, nested too") {
  check_round_trip(std::pair<int, std::string>(1, "a"));
  check_round_trip(std::pair<const int, std::string>(1, "a"));
  check_round_trip(std::tuple<>());
  check_round_trip(std::tuple<int, std::pair<bool, std::string>, std::vector<int>>(1, {true, "x"}, {1, 2}));
}

TEST_CASE("tuple: an aggregate travels with no code from the user") {
  check_round_trip(Point{1, 2});
  check_round_trip(Person{"Ada", {1, 2}, 36, {{"Byron", {}, std::nullopt, {}, true}}, false});
  check_round_trip(std::vector<Person>(3));
  check_round_trip(Constant{1, "a"});
  Wide wide{};
  wide.b9 = 7;
  wide.c9 = "middle";
  wide.i9 = "late";
  wide.j9 = 11;
  check_round_trip(wide);
}

TEST_CASE("tuple: an aggregate may have arrays as members") {
  check_round_trip(WithArrays{"name", {{1, 2, 3}, {4, 5, 6}}, {"a", "b"}, {true, false, true}, 1.5});
  WideWithArray wide{};
  wide.texts[1] = "b";
  wide.c9 = "late";
  wide.last = "last";
  check_round_trip(wide);
}

TEST_CASE("tuple: an aggregate may be move-only") {
  const MoveOnly loaded = there_and_back(MoveOnly{std::make_unique<int>(5), "x"});
  REQUIRE(loaded.number);
  CHECK(*loaded.number == 5);
  CHECK(loaded.text == "x");
  const MoveOnlyConstant constant = there_and_back(MoveOnlyConstant{7, std::make_unique<int>(6)});
  REQUIRE(constant.number);
  CHECK(*constant.number == 6);
  CHECK(constant.id == 7);
}

TEST_CASE("tuple: members are read in the order in which they were written") {
  CHECK(pickle::dumps(std::tuple<char, char>('a', 'b')) == bytes_of('a', 'b'));
  CHECK(pickle::loads<std::pair<char, char>>(bytes_of('a', 'b')) == std::pair('a', 'b'));
  struct Two {
    std::string a;
    std::string b;
  };
  CHECK(there_and_back(Two{"a", "b"}).b == "b");
}

TEST_CASE("tuple: bools within aggregates are checked") {
  struct Flags {
    bool a, b;
  };
  CHECK(pickle::loads<Flags>(bytes_of(true, false)).a);
  CHECK_THROWS_AS(pickle::loads<Flags>(bytes_of(true, 'x')), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<std::vector<Flags>>(bytes_of(std::uint64_t{1}, true, 'x')), pickle::UnpicklingError);
}

TEST_CASE("tuple: an aggregate with a part that cannot travel cannot") {
  STATIC_REQUIRE(!pickle::Picklable<Derived>);
  STATIC_REQUIRE(!pickle::Picklable<HoldsReference>);
  STATIC_REQUIRE(!pickle::Picklable<HoldsPointer>);
  STATIC_REQUIRE(!pickle::Picklable<HoldsView>);
  STATIC_REQUIRE(!pickle::Picklable<std::tuple<int, int*>>);
  STATIC_REQUIRE(!pickle::Picklable<std::tuple<int&>>);
  STATIC_REQUIRE(!pickle::Picklable<NoDefault>);
}

TEST_CASE("tuple: views within tuples and aggregates are read in place") {
  alignas(64) std::array<std::byte, 256> memory{};
  pickle::Writer writer(memory.data(), memory.data() + memory.size(), nullptr);
  const std::array<int, 3> numbers{1, 2, 3};
  pickle::dump(writer, std::tuple<std::string_view, int>("text", 1));
  pickle::dump(writer, HoldsView{"more", numbers});
  pickle::Reader reader({memory.data(), writer.size()}, pickle::Views::in_place);
  const auto tuple = pickle::load<std::tuple<std::string_view, int>>(reader);
  const auto view = pickle::load<HoldsView>(reader);
  CHECK(std::get<0>(tuple) == "text");
  CHECK(view.text == "more");
  CHECK(view.numbers[2] == 3);
  CHECK(static_cast<const void*>(view.numbers.data()) > memory.data());
  CHECK(static_cast<const void*>(view.numbers.data()) < memory.data() + memory.size());
}
