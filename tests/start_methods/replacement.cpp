// SPDX-License-Identifier: BSL-1.0
// Workers that are replaced, warmed up, idle, and named.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "start_methods/programs.hpp"
#include "support/executors.hpp"

using namespace std::chrono_literals;
using start_methods::title_of;

namespace {

struct Answer {
  int value = 0;
  pid_t worker = 0;
};
Answer answer(int value) { return {value, ::getpid()}; }

/// Runs `tasks` tasks on workers that leave after `limit` each. None is lost, none run by a worker beyond its limit,
/// and there are never more workers than allowed.
void run_limited(const support::ProcessKind& kind, int workers, int limit, int tasks) {
  CAPTURE(workers, limit, tasks);
  cf::ProcessPoolOptions options;
  options.max_workers = workers;
  options.max_tasks_per_child = limit;
  std::map<pid_t, int> ran;
  int wrong = 0;
  {
    auto pool = kind.pool(options);
    std::vector<cf::Future<Answer>> futures;
    for (int done = 0; done < tasks;) {
      for (int i = 0; i < 500 && done < tasks; ++i, ++done) futures.push_back(pool.submit(answer, done));
      CHECK(pool.processes().size() <= static_cast<std::size_t>(workers));
      for (std::size_t i = 0; i < futures.size(); ++i) {
        const Answer got = futures[i].result(60s);
        wrong += got.value == done - static_cast<int>(futures.size() - i) ? 0 : 1;
        ++ran[got.worker];
      }
      futures.clear();
    }
    pool.shutdown();
    const cf::PoolStatistics counts = pool.statistics();
    CHECK(counts.completed == static_cast<std::uint64_t>(tasks));
    CHECK(counts.workers_lost == 0);
    CHECK(counts.workers_started >= static_cast<std::uint64_t>((tasks + limit - 1) / limit));
  }
  CHECK(wrong == 0);
  // The system gives pids anew, so only where few were needed each stands for one worker.
  if (tasks / limit < 5000)
    CHECK(std::all_of(ran.begin(), ran.end(), [&](const auto& worker) { return worker.second <= limit; }));
}

cf::ProcessPoolOptions with_workers(int workers) {
  cf::ProcessPoolOptions options;
  options.max_workers = workers;
  return options;
}

mp::ProcessInfo own_info() { return mp::current_process(); }

std::string ps(pid_t process) {
  std::FILE* const output = ::popen(("ps -o comm= -p " + std::to_string(process)).c_str(), "r");
  char line[64] = {};
  const bool read = std::fgets(line, sizeof line, output) != nullptr;
  ::pclose(output);
  std::string name = read ? line : "";
  while (!name.empty() && (name.back() == '\n' || name.back() == ' ')) name.pop_back();
  return name;
}

}  // namespace

EACH_PROCESS_POOL("max_tasks_per_child: with every limit from 1 to 5 no task is lost and no worker runs more") {
  for (int limit = 1; limit <= 5; ++limit)
    run_limited(kind, 2, limit, support::rounds((kind.name == "spawn" ? 100 : 400) * limit));
}

EACH_PROCESS_POOL("max_tasks_per_child: 100 000 tasks with limits of 1 to 5 lose none", "[long]") {
  for (int limit = 1; limit <= 5; ++limit) run_limited(kind, 3, limit, 20'000);
}

EACH_PROCESS_POOL("max_tasks_per_child: the call queue and cancel go on working while workers come and go") {
  cf::ProcessPoolOptions options = with_workers(2);
  options.max_tasks_per_child = 1;
  auto pool = kind.pool(options);
  for (int round = 0; round < 20; ++round) {
    std::vector<cf::Future<Answer>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(answer, i));
    std::vector<bool> cancelled;
    for (auto& future : futures) cancelled.push_back(future.cancel());
    for (int i = 0; i < 10; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (cancelled[at]) {
        CHECK(futures[at].cancelled());
      } else {
        CHECK(futures[at].result(30s).value == i);
      }
    }
  }
}

EACH_PROCESS_POOL("max_tasks_per_child: with fail_task a worker that dies is replaced like one that leaves") {
  cf::ProcessPoolOptions options = with_workers(1);
  options.max_tasks_per_child = 3;
  options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
  options.restart_limit = {1000, 1s};
  auto pool = kind.pool(options);
  for (int round = 0; round < 10; ++round) {
    CHECK(pool.submit(answer, round).result(30s).value == round);
    CHECK_THROWS_AS(pool.submit([] { ::raise(SIGKILL); }).result(30s), cf::WorkerDied);
  }
  CHECK(pool.statistics().workers_lost == 10);
}

EACH_PROCESS_POOL("warm_up: it starts workers now, up to that many and never more than max_workers") {
  auto pool = kind.pool(with_workers(3));
  CHECK(pool.processes().empty());
  pool.warm_up(0);
  pool.warm_up(-5);
  CHECK(pool.processes().empty());
  pool.warm_up(2);
  const auto two = pool.processes();
  CHECK(two.size() == 2);
  pool.warm_up(1);
  CHECK(pool.processes() == two);
  pool.warm_up(1000);
  const auto three = pool.processes();
  CHECK(three.size() == 3);
  for (const pid_t worker : three) CHECK(support::alive(worker));
  const pid_t ran = pool.submit([] { return ::getpid(); }).result();
  CHECK(std::count(three.begin(), three.end(), ran) == 1);
  CHECK(pool.processes() == three);
  CHECK(pool.statistics().workers_started == 3);
}

EACH_PROCESS_POOL("idle_timeout: idle workers leave, down to none, and the next task starts one") {
  support::DeadlineGuard deadline("workers that leave when idle");
  cf::ProcessPoolOptions options = with_workers(3);
  options.idle_timeout = 30ms;
  auto pool = kind.pool(options);
  std::set<pid_t> seen;
  for (int round = 1; round <= 3; ++round) {
    pool.warm_up(3);
    for (const pid_t worker : pool.processes()) seen.insert(worker);
    CHECK(seen.size() >= 3);
    CHECK(support::eventually([&] { return pool.processes().empty(); }));
    CHECK(pool.submit([] { return 1; }).result(30s) == 1);
    CHECK(support::eventually([&] { return pool.processes().empty(); }));
  }
  CHECK(pool.statistics().workers_lost == 0);
  CHECK(pool.statistics().workers_started >= 6);
  CHECK(support::count_alive({seen.begin(), seen.end()}) == 0);
}

EACH_PROCESS_POOL("idle_timeout, fault 73: a task that comes just as the workers leave is run") {
  cf::ProcessPoolOptions options = with_workers(2);
  options.idle_timeout = 1ms;
  auto pool = kind.pool(options);
  for (int i = 0; i < 200 / support::slowness; ++i) {
    CHECK(pool.submit(answer, i).result(30s).value == i);
    const timespec pause{0, 900'000 + 1000 * (i % 200)};
    ::nanosleep(&pause, nullptr);
  }
}

EACH_PROCESS_POOL("idle_timeout: by default a worker stays") {
  auto pool = kind.pool(with_workers(1));
  const pid_t worker = pool.submit([] { return ::getpid(); }).result();
  const timespec pause{0, 300'000'000};
  ::nanosleep(&pause, nullptr);
  CHECK(pool.processes() == std::vector<pid_t>{worker});
}

EACH_PROCESS_POOL("names: a worker is called in ps and in /proc/PID/comm what current_process says") {
  auto pool = kind.pool(with_workers(2));
  const mp::ProcessInfo worker = pool.submit(own_info).result();
  const std::string shown = worker.name.substr(0, 15);  // as much as the kernel keeps
  CHECK(title_of(worker.pid) == shown);
  CHECK(ps(worker.pid) == shown);
}

EACH_PROCESS_POOL("names: replacements go on counting, and no two workers of a program share a name") {
  cf::ProcessPoolOptions options = with_workers(1);
  options.max_tasks_per_child = 1;
  std::set<std::string> names;
  for (int pools = 0; pools < 2; ++pools) {
    auto pool = kind.pool(options);
    for (int i = 0; i < 5; ++i) names.insert(pool.submit([] { return mp::current_process().name; }).result());
  }
  CHECK(names.size() == 10);
}

EACH_PROCESS_POOL("processes: no standby is in the list, and none is left after the pool") {
  cf::ProcessPoolOptions options = with_workers(1);
  options.max_tasks_per_child = 2;
  std::vector<pid_t> all;
  {
    auto pool = kind.pool(options);
    const pid_t worker = pool.submit([] { return ::getpid(); }).result();
    CHECK(support::eventually([&] {
      all = support::descendants(::getpid());
      return std::any_of(all.begin(), all.end(), [](pid_t process) { return title_of(process) == "standby"; });
    }));
    CHECK(pool.processes() == std::vector<pid_t>{worker});
  }
  CHECK(support::count_alive(all) == 0);
}
