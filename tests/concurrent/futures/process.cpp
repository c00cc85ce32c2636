// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: how it is made, when it starts workers, and in which order calls run.
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/tasks.hpp"

using namespace std::chrono_literals;
using support::contains;
using support::hold;
using support::message_of;
using support::own_pid;
using support::twice;

static_assert(!std::is_copy_constructible_v<cf::ProcessPoolExecutor>);
static_assert(!std::is_move_constructible_v<cf::ProcessPoolExecutor>);
static_assert(!std::is_convertible_v<int, cf::ProcessPoolExecutor>);
static_assert(std::is_nothrow_destructible_v<cf::ProcessPoolExecutor>);
static_assert(cf::Executor<cf::ProcessPoolExecutor>);
static_assert(cf::Executor<cf::ThreadPoolExecutor>);
static_assert(!cf::Executor<int>);

TEST_CASE_METHOD(support::LeakChecked,
                 "ProcessPoolExecutor: a bad option throws invalid_argument with name and value") {
  const auto refused = [](cf::ProcessPoolOptions options, const char* name, const char* value) {
    const std::string text = message_of<std::invalid_argument>([&] { cf::ProcessPoolExecutor pool(options); });
    CHECK(contains(text, "concurrent::futures: "));
    CHECK(contains(text, name));
    CHECK(contains(text, value));
  };
  refused({.max_workers = 0}, "max_workers", "0");
  refused({.max_workers = -7}, "max_workers", "-7");
  refused({.max_workers = 1, .max_tasks_per_child = 0}, "max_tasks_per_child", "0");
  refused({.max_workers = 1, .max_tasks_per_child = -3}, "max_tasks_per_child", "-3");
  refused({.max_workers = 1, .extra_queued_calls = -2}, "extra_queued_calls", "-2");
  refused({.max_workers = 1, .restart_limit = {-1, std::chrono::seconds(1)}}, "restart_limit.count", "-1");
  refused({.max_workers = 1, .restart_limit = {1, std::chrono::nanoseconds(-5)}}, "restart_limit.period", "-5");
  CHECK(contains(message_of<std::invalid_argument>([] { cf::ProcessPoolExecutor pool(-4); }), "-4"));
}

TEST_CASE_METHOD(support::LeakChecked, "ProcessPoolExecutor: by default it has as many workers as usable CPUs") {
  cf::ProcessPoolExecutor pool;
  CHECK(pool.max_workers() == mp::usable_cpu_count());
  CHECK(pool.mp_context().get_start_method() == mp::get_start_method());
}

TEST_CASE_METHOD(support::LeakChecked, "ProcessPoolExecutor: the default number of workers follows the affinity mask") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before)) {
      CPU_SET(i, &one);
      break;
    }
  }
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  {
    cf::ProcessPoolExecutor pool;
    CHECK(pool.max_workers() == 1);
    CHECK(pool.submit(twice, 21).result() == 42);
  }
  ::sched_setaffinity(0, sizeof before, &before);
}

EACH_PROCESS_POOL("ProcessPoolExecutor: unused it starts no worker and costs nothing to destroy") {
  auto pool = kind.pool(4);
  CHECK(pool.processes().empty());
  CHECK(pool.pending_work_items() == 0);
  CHECK(pool.statistics().workers_started == 0);
}

EACH_PROCESS_POOL("submit: a worker is started only when a call waits and none is idle") {
  auto pool = kind.pool(3);
  for (int i = 0; i < 5; ++i) CHECK(pool.submit(twice, i).result() == 2 * i);
  CHECK(pool.processes().size() == 1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(hold, started, gate, i));
  started.wait_until(3);
  CHECK(pool.processes().size() == 3);
  CHECK(pool.statistics().workers_started == 3);
  gate.open();
  for (int i = 0; i < 10; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == i);
}

EACH_PROCESS_POOL("warm_up: it starts workers before there is work, up to the maximum and no more") {
  auto pool = kind.pool(2);
  pool.warm_up(1);
  CHECK(support::eventually([&] { return pool.processes().size() == 1; }, 10s));
  pool.warm_up(9);
  CHECK(support::eventually([&] { return pool.processes().size() == 2; }, 10s));
  CHECK(pool.statistics().workers_started == 2);
  CHECK(pool.submit(twice, 4).result() == 8);
  CHECK(pool.processes().size() == 2);
}

EACH_PROCESS_POOL("processes: they are live children below this process, and submit runs in them") {
  auto pool = kind.pool(2);
  const pid_t worker = pool.submit(own_pid).result();
  CHECK(pool.processes() == std::vector<pid_t>{worker});
  const auto below = support::descendants(::getpid());
  CHECK(std::count(below.begin(), below.end(), worker) == 1);
  pool.shutdown();
  CHECK(pool.processes().empty());
  CHECK_FALSE(support::alive(worker));
}

EACH_PROCESS_POOL("submit: calls start in the order in which they were submitted") {
  auto pool = kind.pool(1);
  const auto next = support::Counter::make();
  std::vector<cf::Future<std::uint32_t>> futures;
  for (int i = 0; i < 300; ++i)
    futures.push_back(pool.submit([](support::Counter count) { return count.add() - 1; }, next));
  for (std::uint32_t i = 0; i < 300; ++i) CHECK(futures[i].result() == i);
}

EACH_PROCESS_POOL("submit: a future is running from the moment a worker takes its call") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto first = pool.submit(hold, started, gate, 1);
  auto second = pool.submit(hold, started, gate, 2);
  started.wait_until(1);
  CHECK(first.running());
  CHECK_FALSE(first.done());
  CHECK_FALSE(second.running());
  gate.open();
  CHECK(second.result() == 2);
  CHECK(first.done());
}

EACH_PROCESS_POOL("submit: many threads may share a pool") {
  auto pool = kind.pool(2);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) wrong += pool.submit(twice, t * 1000 + i).result() == 2 * (t * 1000 + i) ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(pool.statistics().completed == 800);
}

EACH_PROCESS_POOL("Spin: a pool that never polls works the same") {
  auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 2, .spin = cf::Spin::none()});
  for (int i = 0; i < 50; ++i) CHECK(pool.submit(twice, i).result() == 2 * i);
  auto results = pool.map(twice, std::vector{1, 2, 3});
  CHECK(results.to_vector() == std::vector{2, 4, 6});
}

EACH_PROCESS_POOL("idle_timeout: an idle worker leaves, and the next call gets a new one") {
  auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 2, .idle_timeout = 50ms});
  const pid_t first = pool.submit(own_pid).result();
  CHECK(support::eventually([&] { return pool.processes().empty(); }, 10s));
  const pid_t second = pool.submit(own_pid).result(30s);
  CHECK(second != first);
  CHECK(pool.statistics().workers_lost == 0);
}

EACH_PROCESS_POOL("map: results come in the order of the input whatever order they complete in") {
  auto pool = kind.pool(2);
  std::vector<int> numbers;
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  int expected = 0;
  for (const int result : pool.map(twice, numbers, {.chunksize = 7})) CHECK(result == 2 * expected++);
  CHECK(expected == 100);
}

EACH_PROCESS_POOL("map: auto_chunksize gives the same results") {
  auto pool = kind.pool(2);
  std::vector<int> numbers;
  for (int i = 0; i < 5000; ++i) numbers.push_back(i);
  const auto results = pool.map(twice, numbers, {.chunksize = cf::auto_chunksize}).to_vector();
  REQUIRE(results.size() == 5000);
  for (int i = 0; i < 5000; ++i) CHECK(results[static_cast<std::size_t>(i)] == 2 * i);
}

EACH_PROCESS_POOL("map_unordered: it yields each result once, as they complete") {
  auto pool = kind.pool(2);
  const auto gate = support::Gate::make();
  auto results = pool.map_unordered(
      [](int n, support::Gate wait) {
        if (n == 0) wait.wait();
        return n;
      },
      std::vector{0, 1, 2, 3}, std::vector(4, gate));
  std::vector<int> seen;
  for (const int result : results) {
    seen.push_back(result);
    if (seen.size() == 3) gate.open();
  }
  REQUIRE(seen.size() == 4);
  CHECK(seen.back() == 0);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector{0, 1, 2, 3});
}

TEST_CASE_METHOD(support::LeakChecked, "set_running_or_notify_cancel: not of a call that a worker has begun") {
  cf::ProcessPoolExecutor pool(1);
  const auto gate = support::Gate::make();
  const auto begun = support::Gate::make();
  const auto call = pool.submit([gate, begun] { begun.open(), gate.wait(); });
  begun.wait();
  CHECK(call.running());
  CHECK(support::contains(support::message_of<cf::InvalidStateError>([&] { call.set_running_or_notify_cancel(); }),
                          "state is RUNNING"));
  gate.open();
  call.result();
}
