// SPDX-License-Identifier: BSL-1.0
// Rows P2, P18, P20 and X18: the system says no.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "conformance/interpose.hpp"
#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;

EACH_PROCESS_POOL("P2 ProcessPoolExecutor: it is made though sysconf is denied") {
  if (!can_interpose) return;
  const FailingCalls sysconf("sysconf");
  sysconf.fail();
  auto pool = kind.pool(2);
  CHECK(pool.submit(multiply, 6, 7).result(30s) == 42);
}

EACH_PROCESS_POOL("P18 worker: one that cannot be replaced when none is left breaks the pool, which says so") {
  if (!can_interpose) return;
  const FailingCalls fork("fork");
  auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 1, .max_tasks_per_child = 1});
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto last = pool.submit(started_then_wait, started, gate, 42);
  started.wait_until(1);
  fork.fail();
  gate.open();
  CHECK(last.result(30s) == 42);
  // A few processes may stand by for replacement; each of these tasks uses one up.
  std::string text;
  for (int i = 0; i < 20 && text.empty(); ++i) {
    try {
      const int product = pool.submit(multiply, 2, 3).result(30s);
      CHECK(product == 6);
    } catch (const cf::BrokenProcessPool& error) {
      text = error.what();
    }
  }
  CHECK(fork.failed() > 0);
  CHECK(support::contains(text, "could not be started"));
  fork.stop();
}

EACH_PROCESS_POOL("P20 ProcessPoolExecutor: refused threads are an error or do no harm, and never a hang") {
  if (!can_interpose) return;
  const FailingCalls threads("pthread_create");
  threads.fail();
  std::optional<int> value;
  std::string text;
  try {
    auto pool = kind.pool(1);
    value = pool.submit(multiply, 6, 7).result(30s);
  } catch (const cf::TimeoutError&) {
    FAIL("the future was never resolved");
  } catch (const std::exception& error) {
    text = error.what();
  }
  CHECK((value == 42 || !text.empty()));
  threads.stop();
  auto pool = kind.pool(1);
  CHECK(pool.submit(multiply, 6, 7).result(30s) == 42);
}

EACH_PROCESS_POOL("X18 fork: refused for the first worker it is an error of the call and no hang") {
  if (!can_interpose) return;
  const FailingCalls fork("fork");
  auto pool = kind.pool(2);
  fork.fail();
  CHECK_THROWS_AS(pool.submit(multiply, 6, 7).result(30s), cf::RuntimeError);
  CHECK(fork.failed() > 0);
  fork.stop();
}

EACH_PROCESS_POOL("X18 fork: refused for the second worker the first does all the work") {
  if (!can_interpose) return;
  const FailingCalls fork("fork");
  auto pool = kind.pool(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto first = pool.submit(started_then_wait, started, gate, 1);
  started.wait_until(1);
  fork.fail();
  auto second = pool.submit(started_then_wait, started, gate, 2);
  CHECK(support::eventually([&] { return fork.failed() > 0; }, 10s));
  gate.open();
  CHECK(first.result(30s) == 1);
  CHECK(second.result(30s) == 2);
  CHECK(pool.processes().size() == 1);
  fork.stop();
}

EACH_PROCESS_POOL("X18 fork: when it is not refused any more the second worker starts") {
  if (!can_interpose) return;
  const FailingCalls fork("fork");
  auto pool = kind.pool(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  futures.push_back(pool.submit(started_then_wait, started, gate, 0));
  started.wait_until(1);
  fork.fail();
  for (int i = 1; i < 8; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  CHECK(support::eventually([&] { return fork.failed() > 0; }, 10s));
  CHECK(started.value() == 1);
  fork.stop();
  started.wait_until(2);
  gate.open();
  for (int i = 0; i < 8; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(30s) == i);
  CHECK(pool.processes().size() == 2);
}
