// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/nodes/node_credits.hpp>

#include <chrono>
#include <cstddef>

#include "support/catch.hpp"

using concurrent::futures::detail::NodeCredits;
using namespace std::chrono_literals;

namespace {

/// A node with two workers that always has as many calls as it may, or `out`.
struct Node {
  void run(std::chrono::nanoseconds task_time, int results, std::size_t out = 0) {
    for (int i = 0; i < results; ++i) {
      now += task_time / 2;
      credits.learn(now, out == 0 ? credits.count() : out, false);
    }
  }
  /// It is done with all that it has long before more come.
  void run_far_away(std::chrono::nanoseconds way, std::chrono::nanoseconds task_time, int times) {
    for (int i = 0; i < times; ++i) {
      now += way;
      const std::size_t calls = credits.count();
      for (std::size_t done = 1; done <= calls; ++done) {
        now += task_time / 2;
        credits.learn(now, calls, done + 2 > calls);
      }
    }
  }
  NodeCredits credits{2};
  std::chrono::steady_clock::time_point now{1h};
};

}  // namespace

TEST_CASE("NodeCredits: one call more than workers, until it is known how long they take") {
  CHECK(NodeCredits(1).count() == 2);
  CHECK(NodeCredits(64).count() == 65);
  Node node;
  node.credits.set_workers(8);
  CHECK(node.credits.count() == 9);
}

TEST_CASE("NodeCredits: as many short calls as a node does in a millisecond, within bounds") {
  Node node;
  node.run(10us, 10'000);
  CHECK(node.credits.count() == 3 + 2 * 100);
  node.run(100ns, 200'000);
  CHECK(node.credits.count() == 3 + 2 * 256);
  Node slow;
  slow.run(5ms, 100);
  CHECK(slow.credits.count() == 3);
}

TEST_CASE("NodeCredits: calls that become long find few before them, and a pause of the machine costs little") {
  Node node;
  node.run(1us, 100'000);
  REQUIRE(node.credits.count() == 3 + 2 * 256);
  node.now += 20ms;
  node.run(1us, 2);
  CHECK(node.credits.count() == (3 + 2 * 256) / 2);
  node.run(1us, 10'000);
  CHECK(node.credits.count() == 3 + 2 * 256);
  node.run(5ms, 40);
  CHECK(node.credits.count() <= 4 * 3);
}

TEST_CASE("NodeCredits: a node that is not asked for more gets no more") {
  Node node;
  node.run(10us, 10'000, 1);
  CHECK(node.credits.count() == 3);
}

TEST_CASE("NodeCredits: a node that waits for calls, for the way is long, gets more") {
  Node node;
  node.run_far_away(5ms, 1us, 50);
  CHECK(node.credits.count() == 3 + 2 * 256);
  node.run(1us, 10'000);
  CHECK(node.credits.count() == 3 + 2 * 256);
  Node slow;
  slow.run_far_away(5ms, 50ms, 50);
  CHECK(slow.credits.count() == 3);
}
