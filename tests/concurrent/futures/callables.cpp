// SPDX-License-Identifier: BSL-1.0
// Whatever can be called with submit can with every other entry point: each kind of callable, in this anonymous
// namespace and in functions, with each of them.
#include <concurrent/futures/progress.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/executors.hpp"

namespace {

using support::patience;

int triple(int x) { return 3 * x; }
int triple_noexcept(int x) noexcept { return 3 * x; }
template <class T>
T triple_any(T x) {
  return 3 * x;
}

struct Scale {  // a function object with a state that is no trivial one
  std::vector<int> factors;
  int operator()(int x) const { return factors.at(0) * x; }
};
struct ScaleBytes {
  int factor;
  int operator()(int x) const noexcept { return factor * x; }
};
struct Overloaded {
  int operator()(int x) const { return 3 * x; }
  std::string operator()(const std::string& x) const { return x; }
  int operator()(int x, int y) const { return x + y; }
};
struct Defaulted {
  int operator()(int x, int factor = 3) const { return factor * x; }
};
struct Number {
  int value = 0;
  int tripled() const { return 3 * value; }
  int tripled_noexcept() const noexcept { return 3 * value; }
};
struct Mutable {
  int calls = 0;
  int operator()(int x) { return ++calls > 0 ? 3 * x : 0; }
};
enum class Colour : short { three = 3 };
struct Small {
  unsigned char r, g, b;
};
class Private {
 public:
  explicit Private(int value) : value_(value) {}
  int value() const { return value_; }

 private:
  int value_;
};

// Every way to call: three numbers, tripled.
template <class Function>
void check_entry_points(const support::ProcessKind& kind, Function function) {
  auto pool = kind.pool(2);
  const std::vector<int> items{1, 2, 3};
  const std::vector<int> expected{3, 6, 9};
  const auto sorted = [](std::vector<int> values) {
    std::sort(values.begin(), values.end());
    return values;
  };
  CHECK(pool.submit(function, 2).result(patience) == 6);
  CHECK(pool.submit({.retries = 1}, function, 2).result(patience) == 6);
  CHECK(pool.submit(std::as_const(function), 2).result(patience) == 6);
  CHECK(pool.map(function, items).to_vector() == expected);
  CHECK(pool.map(function, items, {.chunksize = 2}).to_vector() == expected);
  CHECK(pool.map(function, items, {.chunksize = cf::auto_chunksize}).to_vector() == expected);
  CHECK(pool.map(function, items, {.buffersize = 1}).to_vector() == expected);
  CHECK(sorted(pool.map_unordered(function, items).to_vector()) == expected);
  CHECK(sorted(pool.map_unordered(function, items, {.chunksize = 2}).to_vector()) == expected);
}

template <class Function>
void check_process_map(Function function) {
  CHECK(cf::process_map(function, std::vector{1, 2, 3}, {.max_workers = 1}) == std::vector{3, 6, 9});
  CHECK(cf::process_map(function, std::vector{1, 2, 3}, {.max_workers = 1, .chunksize = 2}) == std::vector{3, 6, 9});
}

template <class Function>
void check_initializer(const support::ProcessKind& kind, Function function) {
  auto pool = kind.pool(1, cf::Initializer(function, 2));
  CHECK(pool.submit(triple, 2).result(patience) == 6);
}

template <class Function>
void check_all(const support::ProcessKind& kind, const Function& function) {
  check_entry_points(kind, function);
  check_initializer(kind, function);
  if (kind.name == "fork") check_process_map(function);
}

}  // namespace

EACH_PROCESS_POOL("Callables: functions and pointers to members are called everywhere") {
  check_all(kind, &triple);
  check_all(kind, &triple_noexcept);
  check_all(kind, &triple_any<int>);
  auto pool = kind.pool(1);
  const std::vector<Number> numbers{{1}, {2}};
  CHECK(pool.submit(&Number::tripled, Number{2}).result(patience) == 6);
  CHECK(pool.map(&Number::tripled, numbers).to_vector() == std::vector{3, 6});
  CHECK(pool.map(&Number::tripled_noexcept, numbers, {.chunksize = 2}).to_vector() == std::vector{3, 6});
  CHECK(pool.map(&Number::value, numbers).to_vector() == std::vector{1, 2});
  CHECK(pool.map(&Number::value, numbers, {.chunksize = 2}).to_vector() == std::vector{1, 2});
}

EACH_PROCESS_POOL("Callables: closures without captures are called everywhere") {
  check_all(kind, [](int x) { return 3 * x; });
  check_all(kind, [](int x) noexcept -> int { return 3 * x; });
  check_all(kind, [](auto x) { return 3 * x; });
  check_all(kind, [](auto&&... x) { return (3 * ... * x); });
  check_all(kind, []<class T>(const T& x) { return T{3} * x; });
}

EACH_PROCESS_POOL("Callables: closures with a number are called everywhere") {
  const bool b = true;
  const char c = 3;
  const short s = 3;
  const int i = 3;
  const long long l = 3;
  const double d = 3;
  const long double wide = 3;
  check_all(kind, [b](int x) { return b ? 3 * x : 0; });
  check_all(kind, [c](int x) { return c * x; });
  check_all(kind, [s](int x) { return s * x; });
  check_all(kind, [i](int x) { return i * x; });
  check_all(kind, [l](int x) { return static_cast<int>(l) * x; });
  check_all(kind, [d](int x) { return static_cast<int>(d * x); });
  check_all(kind, [wide](int x) { return static_cast<int>(wide * x); });
  check_all(kind, [c, d](int x) { return static_cast<int>(d * x) + c - c; });
}

EACH_PROCESS_POOL("Callables: closures with other trivial captures are called everywhere") {
  const Colour colour = Colour::three;
  const Small small{3, 0, 0};
  const Private own(3);
  const int array[] = {3, 4};
  const std::array<double, 3> standard{3, 4, 5};
  const std::chrono::seconds time{3};
  const int* const null = nullptr;
  check_all(kind, [colour](int x) { return static_cast<int>(colour) * x; });
  check_all(kind, [small](int x) { return small.r * x; });
  check_all(kind, [own](int x) { return own.value() * x; });
  check_all(kind, [array](int x) { return array[0] * x; });
  check_all(kind, [standard](auto x) { return static_cast<int>(standard[0]) * x; });
  check_all(kind, [time](int x) { return static_cast<int>(time.count()) * x; });
  check_all(kind, [null](int x) { return null == nullptr ? 3 * x : 0; });
  check_all(kind, [factor = 3, inner = [three = 3](int x) { return three * x; }](int x) {
    return inner(x) + factor - factor;
  });
  check_all(kind, [calls = 0](int x) mutable { return ++calls > 0 ? 3 * x : 0; });
}

EACH_PROCESS_POOL("Callables: function objects are called everywhere") {
  struct Local {
    int factor = 3;
    int operator()(int x) const { return factor * x; }
  };
  check_all(kind, Scale{{3}});
  check_all(kind, ScaleBytes{3});
  check_all(kind, Overloaded{});
  check_all(kind, Defaulted{});
  check_all(kind, Mutable{});
  check_all(kind, Local{});
}

EACH_PROCESS_POOL("Callables: the standard library's are called everywhere") {
  auto pool = kind.pool(1);
  const std::vector<int> items{1, 2, 3};
  CHECK(pool.submit(std::plus<>(), 1, 2).result(patience) == 3);
  CHECK(pool.map(std::plus<>(), items, items).to_vector() == std::vector{2, 4, 6});
  CHECK(pool.map(std::plus<int>(), items, items, {.chunksize = 2}).to_vector() == std::vector{2, 4, 6});
  CHECK(pool.map(std::negate<>(), items, {.chunksize = cf::auto_chunksize}).to_vector() == std::vector{-1, -2, -3});
  CHECK(pool.map(Overloaded(), items, items, {.chunksize = 2}).to_vector() == std::vector{2, 4, 6});
}

EACH_PROCESS_POOL("Callables: partial ones are called everywhere") {
  check_all(kind, cf::partial(std::multiplies<>(), 3));
  check_all(kind, cf::partial([](int x, int y) { return x * y; }, 3));
  check_all(kind, cf::partial([factor = 3](const std::string& text, int x) { return factor * x + (text != "text"); },
                              "text"));
  check_all(kind, cf::partial(cf::partial([](int a, int b, int x) { return (a + b) * x; }, 1), 2));
  check_all(kind, cf::partial(Scale{{3}}));
}

EACH_PROCESS_POOL("Callables: those that are asked early whether they can be assigned are called everywhere") {
  const int factor = 3;
  const auto closure = [factor](int x) { return factor * x; };
  using Closure = std::remove_const_t<decltype(closure)>;
  static_assert(!std::is_assignable_v<Closure&, const Closure&> && !std::is_assignable_v<Closure&, Closure>);
  check_all(kind, closure);
}
