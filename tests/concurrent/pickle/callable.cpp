// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace {

int twice(int x) { return 2 * x; }

struct Adder {
  int base = 0;
  std::vector<int> more;
  int operator()(int x) const { return base + x + static_cast<int>(more.size()); }
};

template <class F>
F sent(const F& function) {
  const Bytes bytes = pickle::dumps(pickle::Callable<F>{function});
  return pickle::loads<pickle::Callable<F>>(bytes).function;
}

struct HasMethod {
  int number = 3;
  auto closure() {
    return [this] { return number; };
  }
};

HasMethod in_static_memory;

struct Base {
  int first = 0;
};
struct Derived : Base {
  int second = 0;
};
struct Referring {
  int& number;
};

template <class F>
constexpr bool travels(const F&) {
  return pickle::detail::travels_as_bytes<F>;
}

}  // namespace

TEST_CASE("Callable: functions, closures and function objects are values") {
  CHECK(sent(&twice)(4) == 8);
  CHECK(sent([](int x) { return x + 1; })(4) == 5);
  int number = 3;
  double real = 1.5;
  CHECK(sent([number, real](int x) { return number * x * real; })(4) == 18);
  CHECK(sent(Adder{3, {1, 2}})(4) == 9);
  CHECK(sent(&Adder::base) == &Adder::base);
}

TEST_CASE("Callable: one without captures takes no bytes") {
  const auto function = [](int x) { return x + 1; };
  CHECK(pickle::dumps(pickle::Callable<decltype(function)>{function}).empty());
}

TEST_CASE("Callable: a captured pointer into memory that this process writes to is refused") {
  int local = 3;
  int* const into_stack = &local;
  const auto bad = [into_stack] { return *into_stack; };
  CHECK_THROWS_WITH(sent(bad), Catch::Contains("into the stack of the thread that sends it"));
  const auto hidden = [number = 1, into_stack] { return number + *into_stack; };
  CHECK_THROWS_AS(sent(hidden), pickle::PicklingError);
  HasMethod here;
  CHECK_THROWS_AS(sent(here.closure()), pickle::PicklingError);

  CHECK_THROWS_WITH(sent(in_static_memory.closure()), Catch::Contains("HasMethod") || Catch::Contains("lambda at"));
  CHECK_THROWS_WITH(sent(in_static_memory.closure()), Catch::Contains("into memory that this process writes to") &&
                                                          Catch::Contains("cf::inherited(pointer)"));
  const auto heap = std::make_unique<int>(4);
  CHECK_THROWS_AS(sent([pointer = heap.get()] { return *pointer; }), pickle::PicklingError);
}

TEST_CASE("Callable: a captured pointer to a constant, a function or nothing goes through") {
  CHECK(sent([text = "text"] { return text[1]; })() == 'e');
  CHECK(sent([function = &twice](int x) { return function(x); })(4) == 8);
  const int* const nothing = nullptr;
  CHECK(sent([nothing] { return nothing == nullptr; })());
}

TEST_CASE("Callable: a null pointer is no function") {
  int (*nothing)(int) = nullptr;
  CHECK_THROWS_AS(sent(nothing), pickle::PicklingError);
  const Bytes bytes = pickle::dumps(nothing);
  CHECK_THROWS_AS(pickle::loads<pickle::Callable<int (*)(int)>>(bytes), pickle::UnpicklingError);
}

TEST_CASE("Callable: a captured value with members in a base is no reference") {
  const Derived value{{1}, 2};
  const double number = 3;
  const auto closure = [value, number] { return value.first + value.second + static_cast<int>(number); };
  static_assert(!std::is_standard_layout_v<decltype(closure)>);
  CHECK(sent(closure)() == 6);
}

TEST_CASE("Callable: a reference is found wherever it stands") {
  int number = 1;
  const double real = 1;
  const Derived value{{1}, 2};
  const Referring one{number};
  const Referring two[2] = {{number}, {number}};
  const std::array<Referring, 2> standard{one, one};
  const std::array<double, 100> many{};
  const auto inner = [&number, value] { return number + value.second; };
  CHECK_FALSE(travels([&number] { return number; }));
  CHECK_FALSE(travels([&number, value, real] { return number + value.second + real; }));
  CHECK_FALSE(travels([one, value] { return one.number + value.second; }));
  CHECK_FALSE(travels([two] { return two[1].number; }));
  CHECK_FALSE(travels([two, value] { return two[1].number + value.second; }));
  CHECK_FALSE(travels([standard, value, real] { return standard[1].number + value.second + real; }));
  CHECK_FALSE(travels([many, two] { return two[1].number + many[0]; }));
  CHECK_FALSE(travels([two, value, time = std::chrono::seconds(1)] { return two[1].number + time.count(); }));
  CHECK_FALSE(travels([inner, value] { return inner() + value.second; }));
}
