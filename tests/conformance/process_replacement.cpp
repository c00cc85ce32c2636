// SPDX-License-Identifier: BSL-1.0
// Rows P12 to P20, A9, S15, S19, S20: workers that come on demand and go after their last task.
#include <signal.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

cf::ProcessPoolOptions limited(int max_workers, int max_tasks_per_child) {
  cf::ProcessPoolOptions options;
  options.max_workers = max_workers;
  options.max_tasks_per_child = max_tasks_per_child;
  return options;
}

}  // namespace

EACH_PROCESS_POOL("P12 max_tasks_per_child: a worker is replaced after that many tasks, under every start method") {
  auto pool = kind.pool(limited(1, 3));
  const pid_t first = pool.submit(own_pid).result();
  CHECK(pool.submit(own_pid).result() == first);
  CHECK(pool.processes().size() == 1);
  CHECK(pool.submit(own_pid).result() == first);
  const pid_t second = pool.submit(own_pid).result();
  CHECK(second != first);
  CHECK(pool.processes().size() == 1);
  CHECK(pool.submit(own_pid).result() == second);
}

EACH_PROCESS_POOL("A9 ProcessPoolExecutor: no worker before the first call and no more than calls that wait") {
  auto pool = kind.pool(limited(4, 2));
  CHECK(pool.processes().empty());
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    futures.push_back(pool.submit(started_then_wait, started, gate, 0));
    started.wait_until(i);
    CHECK(pool.processes().size() == i);
  }
  gate.open();
  for (auto& future : futures) CHECK(future.result() == 0);
  std::set<pid_t> workers;
  for (int i = 0; i < 20; ++i) workers.insert(pool.submit(own_pid).result());
  CHECK(workers.size() >= 10);  // two tasks each: some had one of the blocked ones before
}

EACH_PROCESS_POOL("P14 max_tasks_per_child: a backlog larger than the pool is worked off") {
  for (const auto& [workers, tasks] : {std::pair{1, 6}, std::pair{2, 8}}) {
    auto pool = kind.pool(limited(workers, 2));
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(multiply, i, 2));
    for (int i = 0; i < tasks; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(30s) == 2 * i);
  }
}

EACH_PROCESS_POOL("P15 shutdown: without waiting and with one task a worker the remaining tasks still run") {
  auto pool = kind.pool(limited(1, 1));
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  started.wait_until(1);
  pool.shutdown(false);
  gate.open();
  for (int i = 0; i < 4; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(30s) == i);
}

EACH_PROCESS_POOL("P16 ~ProcessPoolExecutor: while its last worker leaves every pending future is resolved") {
  for (int round = 0; round < support::rounds(10); ++round) {
    std::vector<cf::Future<int>> futures;
    {
      auto pool = kind.pool(limited(1, 1));
      for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(multiply, i, 1));
      CHECK(futures[0].result(30s) == 0);
    }
    for (int i = 0; i < 3; ++i) {
      CHECK(futures[static_cast<std::size_t>(i)].done());
      CHECK(futures[static_cast<std::size_t>(i)].result(0s) == i);
    }
  }
}

EACH_PROCESS_POOL("P17 kill_workers: it starts no replacement and what was queued is cancelled") {
  auto pool = kind.pool(limited(1, 1));
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = pool.submit(started_then_wait, started, gate, 0);
  started.wait_until(1);
  std::vector<cf::Future<int>> queued;
  for (int i = 0; i < 4; ++i) queued.push_back(pool.submit(started_then_wait, started, gate, i));
  pool.kill_workers();
  CHECK_THROWS_AS(running.result(5s), cf::BrokenProcessPool);
  for (auto& future : queued) CHECK_THROWS_AS(future.result(5s), cf::CancelledError);
  pool.shutdown();
  CHECK(pool.processes().empty());
  CHECK(started.value() == 1);
  CHECK(pool.statistics().workers_started == 1);
}

EACH_PROCESS_POOL("P19 shutdown: at once after six tasks on three workers of one task each all results are right") {
  auto pool = kind.pool(limited(3, 1));
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(multiply, i, i));
  pool.shutdown();
  for (int i = 0; i < 6; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(0s) == i * i);
}

EACH_PROCESS_POOL("S15 shutdown: three blocked tasks are three processes, gone after it") {
  auto pool = kind.pool(5);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  for (int i = 0; i < 3; ++i) pool.submit(started_then_wait, started, gate, i);
  started.wait_until(3);
  const auto workers = pool.processes();
  CHECK(workers.size() == 3);
  gate.open();
  pool.shutdown();
  CHECK(support::count_alive(workers) == 0);
  CHECK(pool.processes().empty());
}

EACH_PROCESS_POOL("S19 shutdown: two workers of one task each and a failing task make no error of the pool's") {
  auto pool = kind.pool(limited(2, 1));
  auto good = pool.submit(multiply, 2, 3);
  auto failing = pool.submit(fail, 7);
  pool.shutdown(false);
  CHECK(good.result(30s) == 6);
  CHECK(support::text_of(failing.exception(30s)) == "failed with 7");
}

EACH_PROCESS_POOL("S20 shutdown: four workers of one task each with more tasks than workers do not hang") {
  auto pool = kind.pool(limited(4, 1));
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(i % 3 == 0 ? pool.submit(fail, i) : pool.submit(multiply, i, 1));
  pool.shutdown(false);
  for (int i = 0; i < 10; ++i) {
    if (i % 3 == 0) {
      CHECK_THROWS_AS(futures[static_cast<std::size_t>(i)].result(30s), std::runtime_error);
    } else {
      CHECK(futures[static_cast<std::size_t>(i)].result(30s) == i);
    }
  }
}
