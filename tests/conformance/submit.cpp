// SPDX-License-Identifier: BSL-1.0
// Rows E1, E2, E17 to E21: submit, and what an executor keeps.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using support::contains;

namespace {

struct Accumulator {
  int base = 0;
  int plus(int n) const { return base + n; }
  int operator()(int n) const { return base * n; }
};

std::string joined(std::string fn, std::string self) { return fn + "/" + self; }

}  // namespace

EACH_EXECUTOR("E1 submit: the call gets its arguments and the future its value") {
  auto pool = kind.pool();
  CHECK(pool.submit(multiply, 2, 8).result() == 16);
}

EACH_EXECUTOR("E2 submit: any callable travels with arguments of any name") {
  auto pool = kind.pool();
  CHECK(pool.submit(joined, "fn", std::string("self")).result() == "fn/self");
  CHECK(pool.submit([](int a, int b) { return a - b; }, 9, 4).result() == 5);
  const int factor = 3;
  CHECK(pool.submit([factor](int n) { return factor * n; }, 5).result() == 15);
  CHECK(pool.submit(&Accumulator::plus, Accumulator{40}, 2).result() == 42);
  CHECK(pool.submit(Accumulator{6}, 7).result() == 42);
  CHECK(pool.submit([] {}).exception() == nullptr);
}

EACH_EXECUTOR("E17 shutdown: right after a map of workers + 1 short tasks it does not block") {
  for (int round = 0; round < support::rounds(10); ++round) {
    auto pool = kind.pool(4);
    auto results = pool.map([](int n) { return n; }, std::vector{0, 1, 2, 3, 4});
    pool.shutdown();
    CHECK(results.to_vector() == std::vector{0, 1, 2, 3, 4});
  }
}

EACH_EXECUTOR("E18 submit: once a task is done the executor holds none of its arguments") {
  auto pool = kind.pool();
  auto argument = std::make_shared<int>(42);
  CHECK(pool.submit([](std::shared_ptr<int> value) { return *value; }, argument).result() == 42);
  // The result may be there an instant before the work item is dropped.
  CHECK(support::eventually([&] { return argument.use_count() == 1; }, std::chrono::seconds(5)));
}

EACH_EXECUTOR("E19 max_workers: zero and less are refused, with the value in the text") {
  for (const int wrong : {0, -1}) {
    const std::string text = support::message_of<std::invalid_argument>([&] { auto pool = kind.pool(wrong); });
    CHECK(contains(text, "max_workers"));
    CHECK(contains(text, std::to_string(wrong)));
  }
}

EACH_EXECUTOR("E20 map: the iteration does not keep what it has yielded") {
  auto pool = kind.pool();
  auto results = pool.map([](int n) { return std::make_shared<int>(n); }, std::vector{1, 2, 3});
  std::vector<std::weak_ptr<int>> passed;
  for (auto it = results.begin(); it != results.end(); ++it) {
    for (const auto& value : passed) CHECK(value.expired());
    const std::shared_ptr<int> value = *it;
    passed.push_back(value);
  }
  REQUIRE(passed.size() == 3);
  for (const auto& value : passed) CHECK(value.expired());
}

namespace {

struct Nothing : std::exception {
  const char* what() const noexcept override { return ""; }
};

}  // namespace

EACH_EXECUTOR("E21 submit: an exception that says nothing is an exception all the same") {
  auto pool = kind.pool();
  CHECK_THROWS(pool.submit([]() -> int { throw Nothing{}; }).result());
  CHECK(pool.submit([]() -> int { throw Nothing{}; }).exception() != nullptr);
  CHECK_THROWS(pool.submit([]() -> int { throw 0; }).result());
  CHECK(pool.submit([]() -> int { throw 0; }).exception() != nullptr);
  CHECK_THROWS(pool.submit([]() -> std::string { throw std::runtime_error(""); }).result());
  CHECK(pool.submit([]() -> int { return 0; }).exception() == nullptr);
}
