// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures.hpp>

#include <chrono>
#include <cstdint>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/node_storm.hpp"

namespace cf = concurrent::futures;

namespace {

/// So many workers are killed, at any moment of their lives, while the two nodes behind sockets work.
void storm(int kills) {
  const support::LeakCheck leaks;
  const support::CapturedLog log;
  nodes::Pool pool(nodes::Nodes(3), {.workers_per_node = 2,
                                     .caller_node = false,
                                     .on_worker_death = cf::WorkerDeathPolicy::fail_task,
                                     .restart_limit = {.count = 1'000'000}});
  REQUIRE(pool.nodes().size() == 2);
  support::NodeStorm all;
  all.run(pool, kills);
  CAPTURE(all.submitted, all.values, all.died);
  CHECK(all.wrong == 0);
  CHECK(all.values + all.died == all.submitted);
  CHECK(all.values > 0);
  const cf::PoolStatistics counts = pool.statistics();
  CHECK(counts.completed == static_cast<std::uint64_t>(all.values));
  CHECK(counts.failed == static_cast<std::uint64_t>(all.died));
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
