// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures.hpp>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/run_program.hpp"
#include "support/shared.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

namespace {

/// Says in the file that this number was worked on; -1: somebody has said so before.
int mark(const std::string& path, int number) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  char before = 0;
  const ssize_t read = ::pread(file, &before, 1, number);
  const bool written = ::pwrite(file, "x", 1, number) == 1;
  ::close(file);
  return read >= 0 && written && before != 'x' ? number : -1;
}

std::string program_of(pid_t process) {
  char path[4096] = {};
  return ::readlink(("/proc/" + std::to_string(process) + "/exe").c_str(), path, sizeof path - 1) > 0 ? path : "";
}

/// So many workers are killed, at any moment of their lives, while the two nodes behind sockets work.
void storm(int kills) {
  const support::LeakCheck leaks;
  const support::CapturedLog log;
  char path[] = "/tmp/storm-over-nodes-XXXXXX";
  ::close(::mkstemp(path));
  nodes::Pool pool(nodes::Nodes(3), {.workers_per_node = 2,
                                     .caller_node = false,
                                     .on_worker_death = cf::WorkerDeathPolicy::fail_task,
                                     .restart_limit = {.count = 1'000'000}});
  REQUIRE(pool.nodes().size() == 2);
  const std::string own_program = program_of(::getpid());
  std::mt19937 random(std::random_device{}());
  std::deque<std::pair<int, cf::Future<int>>> on_their_way;
  int submitted = 0;
  int values = 0;
  int died = 0;
  int wrong = 0;
  const auto take = [&] {
    auto [number, future] = std::move(on_their_way.front());
    on_their_way.pop_front();
    try {
      ++(future.result(60s) == number ? values : wrong);
    } catch (const cf::WorkerDied& error) {
      ++(std::string(error.what()).find(" On node node") != std::string::npos ? died : wrong);
    }
  };
  while (kills > 0) {
    for (int more = 0; more < 20; ++more) {
      on_their_way.emplace_back(submitted, pool.submit(mark, std::string(path), submitted));
      ++submitted;
    }
    std::vector<pid_t> workers = pool.processes();
    for (std::size_t i = 1 + random() % 4; i > 0 && !workers.empty() && kills > 0; --i) {
      const std::size_t at = random() % workers.size();
      if (program_of(workers[at]) == own_program && ::kill(workers[at], SIGKILL) == 0) --kills;
      workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(at));
    }
    while (on_their_way.size() > 100) take();
  }
  while (!on_their_way.empty()) take();
  pool.shutdown();
  ::unlink(path);
  CAPTURE(submitted, values, died);
  CHECK(wrong == 0);
  CHECK(values + died == submitted);
  CHECK(values > 0);
  const cf::PoolStatistics counts = pool.statistics();
  CHECK(counts.completed == static_cast<std::uint64_t>(values));
  CHECK(counts.failed == static_cast<std::uint64_t>(died));
}

}  // namespace

TEST_CASE("Nodes: workers of two nodes are killed at any moment, and no call hangs, is lost or runs twice") {
  const support::DeadlineGuard deadline("a small storm over nodes");
  storm(20);
}

TEST_CASE("Nodes: the same with ten thousand", "[long]") {
  const support::DeadlineGuard deadline("a storm over nodes", std::chrono::minutes(20));
  storm(10'000);
}
