// SPDX-License-Identifier: BSL-1.0
// Rows P21 to P27: terminate_workers and kill_workers.
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using support::contains;

namespace {

/// A worker notes SIGTERM here and ends, as a program with a handler of its own would.
support::Counter noted;

/// Runs with a handler for SIGTERM that counts before it ends the process.
int with_handler(support::Counter started, support::Counter terminated, support::Gate gate) {
  noted = terminated;
  terminated.value();  // maps the memory, which a handler could not
  struct sigaction action{};
  action.sa_handler = [](int) {
    noted.add();
    ::_exit(0);
  };
  ::sigaction(SIGTERM, &action, nullptr);
  started.add();
  gate.wait();
  started.add(100);
  return 0;
}

/// Does not hear SIGTERM at all.
int deaf(support::Counter started, support::Gate gate) {
  ::signal(SIGTERM, SIG_IGN);
  started.add();
  gate.wait();
  return 0;
}

template <class Pool>
void force(Pool& pool, bool kill) {
  if (kill) {
    pool.kill_workers();
  } else {
    pool.terminate_workers();
  }
}

}  // namespace

EACH_PROCESS_POOL("P21 terminate_workers: each worker gets SIGTERM and one that is deaf to it SIGKILL") {
  {
    auto pool = kind.pool(1);
    const auto started = support::Counter::make();
    const auto terminated = support::Counter::make();
    const auto gate = support::Gate::make();
    auto future = pool.submit(with_handler, started, terminated, gate);
    started.wait_until(1);
    pool.terminate_workers();
    CHECK_THROWS_AS(future.result(10s), cf::BrokenProcessPool);
    CHECK(terminated.reaches(1, 10s));
  }
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto future = pool.submit(deaf, started, gate);
  started.wait_until(1);
  const auto workers = pool.processes();
  pool.terminate_workers();
  CHECK_THROWS_AS(future.result(20s), cf::BrokenProcessPool);
  CHECK(support::eventually([&] { return support::count_alive(workers) == 0; }, 20s));
}

EACH_PROCESS_POOL("P22 kill_workers: each worker gets SIGKILL and no handler runs") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto terminated = support::Counter::make();
  const auto gate = support::Gate::make();
  auto future = pool.submit(with_handler, started, terminated, gate);
  started.wait_until(1);
  const auto workers = pool.processes();
  pool.kill_workers();
  CHECK_THROWS_AS(future.result(10s), cf::BrokenProcessPool);
  CHECK(support::eventually([&] { return support::count_alive(workers) == 0; }, 5s));
  CHECK(terminated.value() == 0);
}

EACH_PROCESS_POOL("P24 terminate_workers, kill_workers: a task that runs is stopped and never reaches its end") {
  for (const bool kill : {false, true}) {
    auto pool = kind.pool(1);
    const auto started = support::Counter::make();
    const auto terminated = support::Counter::make();
    const auto gate = support::Gate::make();
    auto running = pool.submit(with_handler, started, terminated, gate);
    started.wait_until(1);
    auto queued = pool.submit(multiply, 2, 3);
    force(pool, kill);
    CHECK(queued.cancelled());
    gate.open();
    CHECK_THROWS_AS(running.result(10s), cf::BrokenProcessPool);
    pool.shutdown();
    CHECK(started.value() == 1);
    CHECK(terminated.value() == (kill ? 0 : 1));
  }
}

EACH_PROCESS_POOL("P25 terminate_workers, kill_workers: on a broken pool they throw nothing") {
  for (const bool kill : {false, true}) {
    auto pool = kind.pool(1);
    CHECK_THROWS_AS(pool.submit(leave, 1).result(10s), cf::BrokenProcessPool);
    CHECK_NOTHROW(force(pool, kill));
    CHECK_THROWS_AS(pool.submit(multiply, 1, 1), cf::BrokenProcessPool);
  }
}

EACH_PROCESS_POOL("P26 terminate_workers, kill_workers: before any worker exists they do nothing and start nothing") {
  for (const bool kill : {false, true}) {
    auto pool = kind.pool(2);
    CHECK_NOTHROW(force(pool, kill));
    CHECK(pool.processes().empty());
    CHECK(pool.statistics().workers_started == 0);
    CHECK(pool.submit(multiply, 2, 3).result(10s) == 6);
  }
}

EACH_PROCESS_POOL("P27 terminate_workers, kill_workers: afterwards submit throws and the workers are dead") {
  for (const bool kill : {false, true}) {
    auto pool = kind.pool(2);
    const pid_t worker = pool.submit(own_pid).result();
    CHECK(support::alive(worker));
    force(pool, kill);
    CHECK_THROWS_AS(pool.submit(multiply, 1, 1), cf::RuntimeError);
    CHECK(support::eventually([&] { return !support::alive(worker); }, 10s));
    CHECK(support::eventually([&] { return pool.processes().empty(); }, 10s));
  }
}
