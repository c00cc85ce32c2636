// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: its end, in all combinations.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/tasks.hpp"

using namespace std::chrono_literals;
using support::hold;
using support::twice;

namespace {

struct Busy {
  support::Counter started = support::Counter::make();
  support::Gate gate = support::Gate::make();
};

}  // namespace

EACH_EXECUTOR("shutdown_for: false while work goes on, true when it has ended") {
  auto pool = kind.pool(1);
  const Busy busy;
  auto future = pool.submit(hold, busy.started, busy.gate, 1);
  busy.started.wait_until(1);
  CHECK_FALSE(pool.shutdown_for(20ms));
  CHECK_FALSE(future.done());
  CHECK_THROWS_AS(pool.submit(twice, 1), cf::RuntimeError);
  busy.gate.open();
  CHECK(pool.shutdown_for(30s));
  CHECK(future.result() == 1);
  CHECK(pool.shutdown_for(0s));
}

EACH_EXECUTOR("shutdown_for: with cancel_futures only what runs is waited for") {
  auto pool = kind.pool(1);
  const Busy busy;
  auto running = pool.submit(hold, busy.started, busy.gate, 1);
  busy.started.wait_until(1);
  auto waiting = pool.submit(hold, busy.started, busy.gate, 2);
  CHECK_FALSE(pool.shutdown_for(20ms, true));
  CHECK(waiting.cancelled());
  busy.gate.open();
  CHECK(pool.shutdown_for(30s));
  CHECK(running.result() == 1);
  CHECK(busy.started.value() == 1);
}

EACH_EXECUTOR("shutdown: without waiting it returns at once and the work completes") {
  auto pool = kind.pool(1);
  const Busy busy;
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(hold, busy.started, busy.gate, i));
  pool.shutdown(false);
  CHECK_FALSE(futures.back().done());
  busy.gate.open();
  for (int i = 0; i < 10; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(30s) == i);
}

EACH_EXECUTOR("shutdown: from many threads at once all of them return") {
  auto pool = kind.pool(2);
  const Busy busy;
  auto future = pool.submit(hold, busy.started, busy.gate, 1);
  busy.started.wait_until(1);
  std::atomic<int> returned = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      pool.shutdown(true, i % 2 == 0);
      ++returned;
    });
  }
  CHECK(returned == 0);
  busy.gate.open();
  for (auto& thread : threads) thread.join();
  CHECK(returned == 4);
  CHECK(future.result() == 1);
}

EACH_EXECUTOR("submit: racing with shutdown each call throws or its future is resolved, never both") {
  for (int round = 0; round < 10; ++round) {
    auto pool = kind.pool(2);
    std::vector<cf::Future<int>> futures;
    std::atomic<bool> refused = false;
    const auto submitted = support::Counter::make();
    std::thread submitter([&] {
      try {
        for (int i = 0;; ++i) {
          futures.push_back(pool.submit(twice, i));
          submitted.add();
        }
      } catch (const cf::RuntimeError&) {
        refused = true;
      }
    });
    submitted.wait_until(100);
    pool.shutdown();
    submitter.join();
    CHECK(refused);
    int wrong = 0;
    for (std::size_t i = 0; i < futures.size(); ++i)
      wrong += futures[i].done() && futures[i].result() == static_cast<int>(2 * i) ? 0 : 1;
    CHECK(wrong == 0);
  }
}

EACH_EXECUTOR("shutdown_for: false in a callback, where it cannot wait") {
  auto pool = kind.pool(1);
  const Busy busy;
  const cf::Future<bool> answer;
  auto future = pool.submit(hold, busy.started, busy.gate, 1);
  future.add_done_callback([&pool, answer](const cf::Future<int>&) { answer.set_result(pool.shutdown_for(10s)); });
  busy.gate.open();
  CHECK_FALSE(answer.result(30s));
  CHECK(pool.shutdown_for(30s));
}

EACH_EXECUTOR("shutdown: from a callback it does not wait for itself") {
  auto pool = kind.pool(1);
  const Busy busy;
  auto future = pool.submit(hold, busy.started, busy.gate, 1);
  const auto returned = support::Gate::make();
  future.add_done_callback([&](cf::Future<int>) {
    pool.shutdown(false);
    returned.open();
  });
  busy.gate.open();
  CHECK(returned.opens_within(30s));
  CHECK_THROWS_AS(pool.submit(twice, 1), cf::RuntimeError);
}

EACH_PROCESS_POOL("ProcessPoolExecutor, destructor: with running and waiting calls it completes them all") {
  std::vector<cf::Future<int>> futures;
  {
    auto pool = kind.pool(2);
    for (int i = 0; i < 100; ++i) futures.push_back(pool.submit(twice, i));
  }
  for (int i = 0; i < 100; ++i) {
    REQUIRE(futures[static_cast<std::size_t>(i)].done());
    CHECK(futures[static_cast<std::size_t>(i)].result() == 2 * i);
  }
}

EACH_PROCESS_POOL("Future: it lives on after its executor, resolved") {
  cf::Future<std::string> future;
  {
    auto pool = kind.pool(1);
    future = pool.submit([](int n) { return std::string(100'000, static_cast<char>('a' + n)); }, 1);
  }
  CHECK(future.done());
  CHECK(future.result() == std::string(100'000, 'b'));
}

EACH_PROCESS_POOL("ProcessPoolExecutor: made and destroyed many times nothing adds up") {
  for (int i = 0; i < 20; ++i) {
    auto pool = kind.pool(2);
    if (i % 2 == 0) CHECK(pool.submit(twice, i).result() == 2 * i);
    if (i % 3 == 0) pool.shutdown(false);
  }
}

EACH_PROCESS_POOL("kill_workers: at any moment of a load every future is resolved") {
  for (int round = 0; round < 20; ++round) {
    auto pool = kind.pool(2);
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 20 * round; ++i) futures.push_back(pool.submit(twice, i));
    if (round % 2 == 0) {
      pool.kill_workers();
    } else {
      pool.terminate_workers();
    }
    int finished = 0;
    for (auto& future : futures) {
      try {
        future.result(20s);
        ++finished;
      } catch (const cf::BrokenProcessPool&) {
      } catch (const cf::CancelledError&) {
      }
    }
    pool.shutdown();
    CHECK(pool.processes().empty());
    CHECK(static_cast<std::uint64_t>(finished) == pool.statistics().completed);
  }
}
