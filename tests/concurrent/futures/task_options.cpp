// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include <unistd.h>

#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;
using support::LeakChecked;

namespace {

template <cf::Executor E>
int use(E& pool) {
  const auto twice = [](int n) { return 2 * n; };
  const auto sum = [](int a, int b) { return a + b; };
  const cf::TaskOptions task{.retries = 2, .label = "twice"};
  int all = pool.submit({.retries = 1, .label = "one"}, twice, 1).result() + pool.submit(task, twice, 2).result();
  for (auto& n : pool.map(twice, std::vector{1, 2, 3}, {.chunksize = 2, .task = task})) all += n;
  for (auto& n : pool.map_unordered(sum, std::vector{1, 2}, std::vector{3, 4}, {.task = {.label = "sum"}})) all += n;
  pool.warm_up(1);
  static_cast<void>(pool.statistics());
  static_cast<void>(pool.pending_work_items());
  static_cast<void>(pool.max_workers());
  return pool.shutdown_for(30s) ? all : -1;
}

int hang_at_two(int n) {
  while (n == 2) ::pause();
  return n;
}

}  // namespace

EACH_EXECUTOR("TaskOptions: one function for whatever executor submits and maps with them") {
  auto pool = kind.pool(2);
  CHECK(use(pool) == 28);
}

EACH_PROCESS_POOL("map: task options hold for each call") {
  auto pool = kind.pool(2);
  for (const std::size_t chunksize : {1U, 2U}) {
    auto results = pool.map(hang_at_two, std::vector{1, 1, 2, 3}, {.chunksize = chunksize, .task = {.timeout = 300ms}});
    std::vector<int> seen;
    for (auto it = results.begin(); it != results.end(); ++it) {
      try {
        seen.push_back(*it);
      } catch (const cf::TaskTimeoutError&) {
        seen.push_back(-1);
      }
    }
    CHECK(seen == (chunksize == 1 ? std::vector{1, 1, -1, 3} : std::vector{1, 1, -1, -1}));
  }
}

EACH_PROCESS_POOL("map: each call is run again as often as its task options say") {
  auto pool = kind.pool({.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  const auto once = mp::Value<int>(0);
  const auto die_once = [](int n, const mp::Value<int>& deaths) {
    if (n == 2 && deaths.fetch_add(1) == 0) ::raise(SIGKILL);
    return n;
  };
  CHECK(pool.map(die_once, std::vector{1, 2, 3}, std::vector(3, once), {.task = {.retries = 1}}).to_vector() ==
        std::vector{1, 2, 3});
}

TEST_CASE_METHOD(LeakChecked, "TaskOptions: a thread pool refuses a time limit, which it could not keep") {
  cf::ThreadPoolExecutor pool(1);
  const auto task = [](int) {};
  CHECK(support::contains(support::message_of<std::invalid_argument>([&] { pool.submit({.timeout = 1s}, task, 1); }),
                          "ProcessPoolExecutor"));
  CHECK(support::contains(support::message_of<std::invalid_argument>(
                              [&] { pool.map(task, std::vector<int>(), {.task = {.timeout = 1s}}); }),
                          "ProcessPoolExecutor"));
  CHECK(pool.statistics().submitted == 0);
}

EACH_EXECUTOR("TaskOptions: what cannot be is refused by submit and map, with its value") {
  auto pool = kind.pool(1);
  const auto task = [](int n) { return n; };
  CHECK(support::contains(support::message_of<std::invalid_argument>([&] { pool.submit({.retries = -1}, task, 1); }),
                          "retries is -1"));
  CHECK(support::contains(
      support::message_of<std::invalid_argument>([&] { pool.map(task, std::vector{1}, {.task = {.retries = -1}}); }),
      "retries is -1"));
}
