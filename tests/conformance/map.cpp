// SPDX-License-Identifier: BSL-1.0
// Rows E3 to E7, and A2: map.
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

/// 10 / n for n in the range, where zero fails as Python's divmod does.
int divide(int n) {
  if (n == 0) throw std::domain_error("division by zero");
  return 10 / n;
}

int time_out(int n) {
  if (n == 1) throw cf::TimeoutError("the task's own");
  return n;
}

/// Waits where the number says so.
int wait_if(int n, support::Gate gate) {
  if (n == 2) gate.wait();
  return n;
}

std::vector<int> first(int n) {
  std::vector<int> numbers;
  for (int i = 0; i < n; ++i) numbers.push_back(i);
  return numbers;
}

/// What an iteration that goes on after failures meets, one entry an item.
template <class Results>
std::vector<std::string> outcomes(Results& results) {
  std::vector<std::string> seen;
  for (auto it = results.begin(); it != results.end(); ++it) {
    try {
      seen.push_back(std::to_string(*it));
    } catch (const std::exception& error) {
      seen.push_back(error.what());
    }
  }
  return seen;
}

}  // namespace

EACH_EXECUTOR("E3 map: over two ranges it equals the serial map, chunked or not") {
  auto pool = kind.pool();
  const auto numbers = first(10);
  std::vector<int> squares;
  for (const int n : numbers) squares.push_back(n * n);
  CHECK(pool.map(multiply, numbers, numbers).to_vector() == squares);
  CHECK(pool.map(multiply, numbers, numbers, {.chunksize = 3}).to_vector() == squares);
  CHECK(pool.map(multiply, numbers, first(4)).to_vector() == std::vector{0, 1, 4, 9});  // the shortest ends it
}

EACH_EXECUTOR("E4 map: what comes before a failing item is delivered and then its exception is thrown") {
  auto pool = kind.pool();
  auto results = pool.map(divide, std::vector{1, 2, 0, 5});
  auto it = results.begin();
  CHECK(*it == 10);
  ++it;
  CHECK(*it == 5);
  ++it;
  CHECK_THROWS_AS(*it, std::domain_error);
}

EACH_EXECUTOR("E4b map: after a failing item the iteration goes on, chunked or not, and its end stays") {
  auto pool = kind.pool();
  for (const std::size_t chunksize : {std::size_t{1}, std::size_t{3}}) {
    auto results = pool.map(divide, std::vector{1, 0, 5, 0, 2}, {.chunksize = chunksize});
    const auto seen = outcomes(results);
    REQUIRE(seen.size() == 5);
    CHECK(seen[0] == "10");
    CHECK(support::contains(seen[1], "division by zero"));
    CHECK(seen[2] == "2");
    CHECK(support::contains(seen[3], "division by zero"));
    CHECK(seen[4] == "5");
    CHECK(results.begin() == results.end());
    CHECK(results.begin() == results.end());
  }
}

EACH_EXECUTOR("A2 map: only the failing item of a chunk fails") {
  auto pool = kind.pool();
  auto results = pool.map(divide, std::vector{0, 1, 2, 5, 0, 10}, {.chunksize = 6});
  const auto seen = outcomes(results);
  REQUIRE(seen.size() == 6);
  CHECK(seen[1] == "10");
  CHECK(seen[2] == "5");
  CHECK(seen[3] == "2");
  CHECK(seen[5] == "1");
}

EACH_EXECUTOR("E5 map: a TimeoutError that a task throws is that item's error and no more") {
  auto pool = kind.pool();
  for (const bool limited : {false, true}) {
    cf::MapOptions options;
    if (limited) options.timeout = 30s;
    auto results = pool.map(time_out, first(3), options);
    const auto seen = outcomes(results);
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] == "0");
    CHECK(support::contains(seen[1], "the task's own"));
    CHECK(seen[2] == "2");
  }
}

EACH_EXECUTOR("E6 map: when its timeout passes it throws TimeoutError and is over for good") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  std::vector<int> seen;
  CHECK(pool.submit(multiply, 1, 1).result() == 1);  // a worker is there, however slow its start
  auto results = pool.map(wait_if, first(3), std::vector(3, gate), {.timeout = 500ms});
  auto it = results.begin();
  bool timed_out = false;
  try {
    for (; it != results.end(); ++it) seen.push_back(*it);
  } catch (const cf::TimeoutError&) {
    timed_out = true;
  }
  CHECK(timed_out);
  CHECK(seen == std::vector{0, 1});
  CHECK(it == results.end());
  gate.open();
  CHECK(it == results.end());
}

EACH_EXECUTOR("E7 map: an iteration left after one item has cancelled what had not started") {
  auto pool = kind.pool(1);
  for (const std::size_t chunksize : {std::size_t{1}, std::size_t{2}}) {
    const auto gate = support::Gate::make();
    const auto started = support::Counter::make();
    {
      auto results = pool.map(
          [](int n, support::Counter count, support::Gate wait) {
            if (count.add() > 2) wait.wait();
            return n;
          },
          first(20), std::vector(20, started), std::vector(20, gate), {.chunksize = chunksize});
      CHECK(*results.begin() == 0);
      started.wait_until(3);
    }
    gate.open();
    CHECK(pool.submit(multiply, 2, 3).result() == 6);
    CHECK(started.value() <= 2 + chunksize);  // the chunk that ran, and nothing after it
  }
}
