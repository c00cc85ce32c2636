// SPDX-License-Identifier: BSL-1.0
// set_max_workers of a pool over several nodes.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

using nodes::Nodes;
using nodes::Pool;
using support::contains;
using support::held;
using support::message_of;

namespace cf = concurrent::futures;
namespace cfd = concurrent::futures::detail;

namespace {

std::vector<int> workers_of(const Pool& pool) {
  std::vector<int> workers;
  for (const cf::NodeInfo& node : pool.nodes()) workers.push_back(node.workers);
  return workers;
}

/// So many calls run at the same time, and no more.
void check_size(Pool& pool, int workers) {
  CAPTURE(workers);
  CHECK(pool.max_workers() == workers);
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < workers + 10; ++i) futures.push_back(pool.submit(held, running, gate));
  running.wait_until(static_cast<std::uint32_t>(workers));
  CHECK(pool.processes().size() <= static_cast<std::size_t>(workers) + 1);  // an idle one, of a node that has none
  CHECK(running.value() == static_cast<std::uint32_t>(workers));
  gate.add(1);
  for (const auto& future : futures) future.result();
}

/// A node that is asked for more workers than any has.
class Refusing final : public cfd::NodeConnection {
  struct Link final : cfd::NodeLink {
    explicit Link(std::unique_ptr<cfd::NodeLink> to) : link(std::move(to)) {}
    void send(cfd::Message message) override {
      const int workers = 100'000;
      if (message.kind() == cfd::MessageKind::resize)
        std::memcpy(message.fields.data() + message.fields.size() - sizeof workers, &workers, sizeof workers);
      link->send(std::move(message));
    }
    std::unique_ptr<cfd::NodeLink> link;
  };

 public:
  std::unique_ptr<cfd::NodeLink> connect(std::uint32_t pool, cfd::NodePeer& peer) override {
    return std::make_unique<Link>(node_.connect(pool, peer));
  }

 private:
  nodes::SocketNode node_;
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "set_max_workers of two nodes: more than the first number, and back") {
  Pool pool(Nodes(2), {});
  for (const int workers : {16, 3, 24, 1, 2}) {
    pool.set_max_workers(workers);
    check_size(pool, workers);
  }
  pool.set_max_workers(128);
  CHECK(workers_of(pool) == std::vector<int>{64, 64});
  const std::string text = message_of<std::invalid_argument>([&] { pool.set_max_workers(129); });
  CHECK(contains(text, "from 1 to 128: on each node 64, or four times"));
  CHECK_THROWS_AS(pool.set_max_workers(0), std::invalid_argument);
  CHECK(pool.max_workers() == 128);
  CHECK(pool.statistics().workers_lost == 0);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "set_max_workers of unequal nodes: up to the first number one fills, then all grow") {
  Nodes nodes(3);
  nodes.places[1].processors = 3;
  nodes.places[2].processors = 20;
  Pool pool(nodes, {});
  CHECK(workers_of(pool) == std::vector<int>{1, 3, 20});
  const auto after = [&](int workers) {
    pool.set_max_workers(workers);
    return workers_of(pool);
  };
  CHECK(after(2) == std::vector<int>{1, 1, 0});
  CHECK(after(48) == std::vector<int>{2, 6, 40});
  CHECK(after(50) == std::vector<int>{3, 6, 41});
  CHECK(after(207) == std::vector<int>{63, 64, 80});
  CHECK(after(24) == std::vector<int>{1, 3, 20});
  CHECK_THROWS_AS(pool.set_max_workers(209), std::invalid_argument);
}

TEST_CASE_METHOD(support::LeakChecked, "set_max_workers: one node refuses, and none has more than before") {
  Nodes nodes(2);
  nodes.places[1].connection = std::make_shared<Refusing>();
  Pool pool(nodes, {});
  const std::string text = message_of<std::invalid_argument>([&] { pool.set_max_workers(10); });
  CHECK(contains(text, "the number is 100000"));
  CHECK(workers_of(pool) == std::vector<int>{1, 1});
  check_size(pool, 2);
}

TEST_CASE_METHOD(support::LeakChecked, "set_max_workers: after a node was lost the others have its share") {
  const support::CapturedLog log;
  Nodes nodes(3);
  Pool pool(nodes, {.on_node_death = cf::NodeDeathPolicy::fail_tasks});
  nodes.sockets[0]->cut();
  REQUIRE(support::eventually([&] { return pool.nodes().size() == 2; }));
  pool.set_max_workers(4);
  CHECK(workers_of(pool) == std::vector<int>{2, 2});
  check_size(pool, 4);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "set_max_workers of two nodes: by several threads, from a callback, after shutdown") {
  Pool pool(Nodes(2), {});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&pool, i] {
      for (int n = 0; n < 20; ++n) pool.set_max_workers(1 + (7 * n + i) % 30);
    });
  }
  const auto called = support::Gate::make();
  pool.submit([](int n) { return n; }, 1).add_done_callback([&](cf::Future<int>) {
    pool.set_max_workers(31);
    called.open();
  });
  called.wait();
  for (std::thread& thread : threads) thread.join();
  pool.set_max_workers(5);
  check_size(pool, 5);
  pool.shutdown();
  pool.set_max_workers(60);
}
