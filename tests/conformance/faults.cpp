// SPDX-License-Identifier: BSL-1.0
// Rows X2, X3, X4, X5, X16, A10: deaths and strange exceptions under load.
#include <signal.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using Futures = std::vector<cf::Future<int>>;

namespace {

std::string bytes(int n) { return std::string(static_cast<std::size_t>(n) * 1000, 'b'); }

/// Fills a pool, kills its workers after `delay`, and checks that every future is resolved, each exactly once.
void kill_under_load(const support::ProcessKind& kind, std::chrono::nanoseconds delay, int tasks, bool all) {
  auto pool = kind.pool(2);
  pool.warm_up(2);
  const auto workers = pool.processes();
  REQUIRE_FALSE(workers.empty());
  std::thread killer([&] {
    const auto end = support::Clock::now() + delay;
    while (support::Clock::now() < end) {
    }
    for (const pid_t worker : workers) {
      ::kill(worker, SIGKILL);  // still the worker: its parent reaps it, and starts none in its place
      if (!all) break;
    }
  });
  std::atomic<int> resolved = 0;
  std::vector<cf::Future<std::string>> futures;
  try {
    for (int i = 0; i < tasks; ++i) {
      futures.push_back(pool.submit(bytes, i % 70));
      futures.back().add_done_callback([&](cf::Future<std::string>) { ++resolved; });
    }
  } catch (const cf::BrokenProcessPool&) {
  }
  int wrong = 0;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    try {
      if (futures[i].result(20s) != bytes(static_cast<int>(i) % 70)) ++wrong;
    } catch (const cf::BrokenProcessPool&) {
    }
  }
  killer.join();
  pool.shutdown();
  CHECK(wrong == 0);
  CHECK(resolved == static_cast<int>(futures.size()));
}

void storm(const support::ProcessKind& kind, std::chrono::seconds time) {
  std::minstd_rand random(12345);
  const auto end = support::Clock::now() + time;
  while (support::Clock::now() < end)
    kill_under_load(kind, std::chrono::microseconds(random() % 20'000), 400, random() % 2 == 0);
}

}  // namespace

EACH_PROCESS_POOL("X2 worker: killing all of them at random moments under load resolves every future exactly once") {
  storm(kind, 2s);
}

EACH_PROCESS_POOL("X2 worker: killing all of them at random moments for half a minute", "[long]") { storm(kind, 30s); }

EACH_PROCESS_POOL("X3 worker: killed while it takes calls from the queue it leaves no call and no slot in between") {
  // Empty tasks: a worker spends most of its time in the queue, so that a random instant mostly hits it there.
  std::minstd_rand random(54321);
  for (int round = 0; round < support::rounds(40); ++round) {
    auto pool = kind.pool(2);
    pool.warm_up(2);
    const auto workers = pool.processes();
    REQUIRE(workers.size() == 2);
    Futures futures;
    const std::size_t kill_at = 100 + random() % 200;
    try {
      for (std::size_t i = 0; i < 600; ++i) {
        futures.push_back(pool.submit(multiply, static_cast<int>(i), 1));
        if (i == kill_at) ::kill(workers[random() % 2], SIGKILL);
      }
    } catch (const cf::BrokenProcessPool&) {
    }
    std::size_t finished = 0;
    for (std::size_t i = 0; i < futures.size(); ++i) {
      try {
        const int value = futures[i].result(20s);
        CHECK(value == static_cast<int>(i));
        ++finished;
      } catch (const cf::BrokenProcessPool&) {
      }
    }
    CHECK(finished <= futures.size());
    const auto refuses = [&] {  // it may have died idle, which takes an instant to be known
      try {
        pool.submit(multiply, 1, 1).result(20s);
        return false;
      } catch (const cf::BrokenProcessPool&) {
        return true;
      }
    };
    CHECK(support::eventually(refuses, 10s));
  }
}

EACH_EXECUTOR("X4 A10 callback: one that throws what is no std::exception is logged and the pool goes on") {
  support::CapturedLog log;
  auto pool = kind.pool(1);
  const auto gate = support::Gate::make();
  auto future = pool.submit(wait_for_gate, gate);
  std::atomic<int> ran = 0;
  future.add_done_callback([](cf::Future<int>) { throw 42; });
  future.add_done_callback([&](cf::Future<int>) { ++ran; });
  gate.open();
  CHECK(future.result() == 0);
  CHECK(pool.submit(multiply, 6, 7).result() == 42);
  pool.shutdown();
  CHECK(ran == 1);
  CHECK(log.text() != "");
}

EACH_EXECUTOR("X5 wait, as_completed: they return on futures that shutdown cancelled") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  Futures futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  started.wait_until(1);
  std::size_t completed = 0;
  std::thread waiter([&] {
    for (auto future : cf::as_completed(futures, 30s)) completed += future.done() ? 1U : 0U;
  });
  pool.shutdown(false, true);
  auto [done, not_done] = cf::wait(futures, 5s, cf::FIRST_COMPLETED);
  CHECK(done.size() == 4);
  CHECK(not_done == Futures{futures[0]});
  gate.open();
  waiter.join();
  CHECK(completed == 5);
}

EACH_PROCESS_POOL("X5 wait, as_completed: they return on futures of a terminated and of a broken pool") {
  for (const bool broken : {false, true}) {
    auto pool = kind.pool(1);
    const auto started = support::Counter::make();
    const auto gate = support::Gate::make();
    Futures futures;
    for (int i = 0; i < 5; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
    started.wait_until(1);
    if (broken) {
      ::kill(pool.processes().at(0), SIGKILL);
    } else {
      pool.terminate_workers();
    }
    auto [done, not_done] = cf::wait(futures, 15s);
    CHECK(done.size() == 5);
    CHECK(not_done.empty());
    std::size_t completed = 0;
    for (auto future : cf::as_completed(futures, 5s)) completed += future.done() ? 1U : 0U;
    CHECK(completed == 5);
  }
}

EACH_PROCESS_POOL("X16 ProcessPoolExecutor: of two, one dies and the other notices nothing") {
  auto dying = kind.pool(2);
  auto living = kind.pool(2);
  CHECK(dying.submit(multiply, 1, 1).result() == 1);
  CHECK(living.submit(multiply, 1, 1).result() == 1);
  Futures futures;
  for (int i = 0; i < 50; ++i) futures.push_back(living.submit(multiply, i, 1));
  CHECK_THROWS_AS(dying.submit(crash).result(30s), cf::BrokenProcessPool);
  for (int i = 0; i < 50; ++i) futures.push_back(living.submit(multiply, 50 + i, 1));
  for (int i = 0; i < 100; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(30s) == i);
  CHECK(living.statistics().workers_lost == 0);
}
