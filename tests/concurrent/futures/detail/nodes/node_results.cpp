// SPDX-License-Identifier: BSL-1.0
// Large results go to the caller from where a worker has written them.
#include <concurrent/futures.hpp>

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/leak_check.hpp"
#include "support/processes.hpp"
#include "support/tasks.hpp"

namespace cf = concurrent::futures;
namespace cfd = concurrent::futures::detail;
using nodes::mebibyte;
using nodes::Nodes;
using nodes::Pool;

namespace {

std::vector<unsigned char> block_of(std::size_t size, int first) {
  std::vector<unsigned char> block(size);
  for (std::size_t i = 0; i < size; ++i) block[i] = static_cast<unsigned char>(static_cast<std::size_t>(first) + i);
  return block;
}
int end_worker() {
  ::raise(SIGKILL);
  return 0;
}

/// Whether workers have this memory, too.
bool is_shared(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    char dash = 0;
    std::string rights;
    std::istringstream(line) >> std::hex >> first >> dash >> last >> rights;
    if (wanted >= first && wanted < last) return rights.back() == 's';
  }
  return false;
}

/// An agent whose large results are kept as long as somebody wants, as on a slow wire.
class SlowNode final : public cfd::NodeConnection {
  using Descriptor = concurrent::multiprocessing::detail::Descriptor;

 public:
  std::unique_ptr<cfd::NodeLink> connect(std::uint32_t, cfd::NodePeer& peer) override {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::bad_alloc();
    return std::make_unique<Link>(*this, Descriptor(ends[0]), Descriptor(ends[1]), peer);
  }
  void keep(cfd::Bytes bytes) {
    const std::lock_guard lock(mutex_);
    if (keeps) kept_.push_back(std::move(bytes));
  }
  std::vector<cfd::Bytes> take_kept() {
    const std::lock_guard lock(mutex_);
    return std::exchange(kept_, {});
  }

  std::atomic<bool> keeps{true};

 private:
  struct Recorder final : cfd::NodeLink {
    Recorder(SlowNode& of, cfd::SocketLink& link) : node(&of), to(&link) {}
    void send(cfd::Message message) override {
      if (message.kind() == cfd::MessageKind::result && message.body.size != 0) node->keep(message.body);
      to->send(std::move(message));
    }
    SlowNode* node;
    cfd::SocketLink* to;
  };
  struct Link final : cfd::NodeLink {
    Link(SlowNode& of, Descriptor here, Descriptor there, cfd::NodePeer& peer)
        : agent_end(std::move(there)), back(of, agent_end), agent(back), caller_end(std::move(here)) {
      agent_end.start(agent);
      caller_end.start(peer);
    }
    ~Link() override { agent_end.stop(); }
    void send(cfd::Message message) override { caller_end.send(std::move(message)); }

    cfd::SocketLink agent_end;
    Recorder back;
    cfd::NodeAgent agent;
    cfd::SocketLink caller_end;
  };

  std::mutex mutex_;
  std::vector<cfd::Bytes> kept_;
};

struct OneSlowNode : Nodes {
  OneSlowNode() : Nodes(2) {
    places.erase(places.begin());
    places.front().connection = node;
  }
  std::shared_ptr<SlowNode> node = std::make_shared<SlowNode>();
};

bool is_block(const cfd::Bytes& bytes, std::size_t size, int first) {
  const auto wanted = concurrent::pickle::dumps(block_of(size, first));
  return std::vector<std::byte>(bytes.data.get(), bytes.data.get() + bytes.size) == wanted;
}

}  // namespace

TEST_CASE("Node results: large ones go out from shared memory, and stay as they are until they have") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("large results");
  const OneSlowNode nodes;
  {
    Pool pool(nodes, {});
    const std::vector<std::size_t> sizes{9 * mebibyte, 9 * mebibyte + 1, 9 * mebibyte + 2, 9 * mebibyte + 3};
    for (const std::size_t size : sizes) CHECK(pool.submit(block_of, size, 3).result() == block_of(size, 3));
    CHECK(pool.submit(block_of, std::size_t{100}, 7).result() == block_of(100, 7));  // no large one
    const auto kept = nodes.node->take_kept();
    REQUIRE(kept.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(is_shared(kept[i].data.get()));
      CHECK(is_block(kept[i], sizes[i], 3));
    }
  }
}

TEST_CASE("Node results: no more shared memory is kept than leaves room for the next ones") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("many large results");
  const OneSlowNode nodes;
  Pool pool(nodes, {});
  for (int i = 0; i < 4; ++i) static_cast<void>(pool.submit(block_of, 50 * mebibyte, 1).result());
  auto kept = nodes.node->take_kept();
  REQUIRE(kept.size() == 4);
  std::size_t shared = 0;
  for (const cfd::Bytes& each : kept) shared += is_shared(each.data.get()) ? 1U : 0U;
  CHECK(shared == 2);
  kept.clear();
  static_cast<void>(pool.submit(block_of, 50 * mebibyte, 1).result());
  kept = nodes.node->take_kept();
  REQUIRE(kept.size() == 1);
  CHECK(is_shared(kept[0].data.get()));
}

TEST_CASE("Node results: a worker's block outlives it, and the next worker comes once it is gone") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a dead worker's result");
  const OneSlowNode nodes;
  Pool pool(nodes, {.max_workers = 1, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  CHECK(pool.submit(block_of, 9 * mebibyte, 5).result() == block_of(9 * mebibyte, 5));
  CHECK_THROWS_AS(pool.submit(end_worker).result(), cf::WorkerDied);
  auto next = pool.submit(support::square, 3);
  {
    const auto kept = nodes.node->take_kept();
    REQUIRE(kept.size() == 1);
    CHECK(is_block(kept[0], 9 * mebibyte, 5));
  }
  CHECK(next.result() == 9);
  CHECK(pool.submit(block_of, 9 * mebibyte, 6).result() == block_of(9 * mebibyte, 6));
  static_cast<void>(nodes.node->take_kept());
}

TEST_CASE("Node results: what is on its way outlives the pool") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a late result");
  const OneSlowNode nodes;
  {
    Pool pool(nodes, {});
    CHECK(pool.submit(block_of, 9 * mebibyte, 8).result() == block_of(9 * mebibyte, 8));
  }
  const auto kept = nodes.node->take_kept();
  REQUIRE(kept.size() == 1);
  CHECK(is_block(kept[0], 9 * mebibyte, 8));
}
