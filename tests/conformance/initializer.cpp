// SPDX-License-Identifier: BSL-1.0
// Rows I1 to I3 and X10: initializers.
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using support::contains;

namespace {

/// Of the process for process pools, of the thread for thread pools.
thread_local std::string status = "uninitialized";

void initialize(support::Counter times, std::string text) {
  times.add();
  status = text;
}

std::string get_status(support::Counter arrived) {
  arrived.add();
  arrived.wait_until(2);  // both workers take part
  return status;
}

void refuse(support::Counter entered, support::Gate gate) {
  entered.add();
  gate.wait();
  throw std::invalid_argument("the initializer's own text");
}

}  // namespace

EACH_EXECUTOR("I1 initializer: each worker has run it, with its arguments, before its first task") {
  const auto times = support::Counter::make();
  auto pool = kind.pool(2, cf::Initializer{initialize, times, std::string("initialized")});
  const auto arrived = support::Counter::make();
  std::vector<cf::Future<std::string>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(get_status, arrived));
  for (auto& future : futures) CHECK(future.result(30s) == "initialized");
  CHECK(times.value() == 2);
}

EACH_EXECUTOR("I2 initializer: one that throws breaks the pool, is logged, and its text is in the exception") {
  support::CapturedLog log;
  const auto entered = support::Counter::make();
  const auto gate = support::Gate::make();
  gate.open();
  auto pool = kind.pool(2, cf::Initializer{refuse, entered, gate});
  std::string text;
  try {
    pool.submit(multiply, 1, 2).result(30s);
  } catch (const cf::BrokenExecutor& error) {
    text = error.what();
  }
  CHECK(contains(text, "the initializer's own text"));
  CHECK(support::eventually(
      [&] {
        try {
          pool.submit(multiply, 1, 2);
          return false;
        } catch (const cf::BrokenExecutor&) {
          return true;
        }
      },
      10s));
  CHECK(log.comes_to_say("the initializer's own text"));
}

EACH_EXECUTOR("I3 initializer: one that throws leaves nothing behind") {
  // The leak check around every test is what looks; here it has something to find.
  support::CapturedLog log;
  const auto gate = support::Gate::make();
  gate.open();
  for (int i = 0; i < 3; ++i) {
    auto pool = kind.pool(2, cf::Initializer{refuse, support::Counter::make(), gate});
    CHECK_THROWS_AS(pool.submit(multiply, 1, 2).result(30s), cf::BrokenExecutor);
  }
}

EACH_EXECUTOR("X10 initializer: one that throws fails every pending future though one of them was cancelled") {
  support::CapturedLog log;
  const auto entered = support::Counter::make();
  const auto gate = support::Gate::make();
  auto pool = kind.pool(1, cf::Initializer{refuse, entered, gate});
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(multiply, i, 1));
  entered.wait_until(1);
  CHECK(futures[2].cancel());
  gate.open();
  for (std::size_t i = 0; i < futures.size(); ++i) {
    if (i == 2) {
      CHECK(futures[i].cancelled());
    } else {
      CHECK_THROWS_AS(futures[i].result(10s), cf::BrokenExecutor);
    }
  }
}
