// SPDX-License-Identifier: BSL-1.0
// Large blocks of a call that go to a node while submit still copies it.
#include <concurrent/futures.hpp>
#include <concurrent/futures/detail/nodes/arriving_call.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/leak_check.hpp"
#include "support/tasks.hpp"

using namespace std::chrono_literals;
namespace cf = concurrent::futures;
namespace pickle = concurrent::pickle;
using concurrent::futures::detail::MessageKind;
using nodes::mebibyte;
using nodes::Nodes;
using nodes::Pool;
using Block = std::vector<unsigned char>;

namespace {

/// Blocks of bytes; while they are pickled, something happens after each of them.
struct Book {
  std::vector<Block> blocks;
  std::function<void(std::size_t, pickle::Writer&)> after;

  void add(std::size_t size) {
    Block block(size);
    std::uint64_t state = size + blocks.size();
    for (unsigned char& byte : block)
      byte = static_cast<unsigned char>((state = state * 6364136223846793005U + 1) >> 56);
    blocks.push_back(std::move(block));
  }
};

std::vector<std::uint64_t> sums_of(const std::vector<Block>& blocks) {
  std::vector<std::uint64_t> sums;
  for (const Block& block : blocks) {
    std::uint64_t sum = block.size();
    for (const unsigned char byte : block) sum = sum * 31 + byte;
    sums.push_back(sum);
  }
  return sums;
}
std::vector<std::uint64_t> sums(const Book& book) { return sums_of(book.blocks); }

/// What has been sent to the node, and a node that is not the caller's.
class Watched final : public cf::detail::NodeConnection {
 public:
  std::unique_ptr<cf::detail::NodeLink> connect(std::uint32_t pool, cf::detail::NodePeer& peer) override {
    return std::make_unique<Link>(*this, node->connect(pool, peer));
  }
  int sent(MessageKind kind) const { return sent_[static_cast<std::size_t>(kind)].load(); }
  void forget() {
    for (auto& each : sent_) each.store(0);
  }

  MessageKind last_sent() const { return last_.load(); }

  std::shared_ptr<nodes::SocketNode> node = std::make_shared<nodes::SocketNode>();

 private:
  struct Link final : cf::detail::NodeLink {
    Link(Watched& of, std::unique_ptr<NodeLink> to) : watched(&of), link(std::move(to)) {}
    void send(cf::detail::Message message) override {
      watched->sent_[static_cast<std::size_t>(message.kind())].fetch_add(1);
      watched->last_.store(message.kind());
      link->send(std::move(message));
    }
    Watched* watched;
    std::unique_ptr<NodeLink> link;
  };
  std::array<std::atomic<int>, 256> sent_{};
  std::atomic<MessageKind> last_{};
};

/// So many nodes, none of which is the caller's.
struct FarNodes : Nodes {
  explicit FarNodes(int count) : Nodes(count + 1) {
    places.erase(places.begin());
    for (auto& place : places) {
      watched.push_back(std::make_shared<Watched>());
      place.connection = watched.back();
    }
  }
  std::vector<std::shared_ptr<Watched>> watched;
};

}  // namespace

template <>
struct concurrent::pickle::Pickler<Book> {
  static void dump(Writer& writer, const Book& book) {
    pickle::dump(writer, book.blocks.size());
    for (std::size_t i = 0; i < book.blocks.size(); ++i) {
      pickle::dump(writer, book.blocks[i].size());
      writer.write(book.blocks[i].data(), book.blocks[i].size());
      if (book.after) book.after(i, writer);
    }
  }
  static Book load(Reader& reader) {
    Book book;
    book.blocks.resize(pickle::load<std::size_t>(reader));
    for (Block& block : book.blocks) {
      block.resize(pickle::load<std::size_t>(reader));
      reader.read(block.data(), block.size());
    }
    return book;
  }
};

TEST_CASE("Parts: large blocks go before their call, which arrives whole") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("calls in parts");
  FarNodes nodes(1);
  Pool pool(nodes, {});
  CHECK(pool.submit(support::square, 3).result() == 9);
  const auto& sent = *nodes.watched[0];
  const std::vector<std::pair<std::vector<std::size_t>, bool>> books{
      {{16 * mebibyte}, true},
      {{8 * mebibyte}, true},
      {{8 * mebibyte - 1}, false},
      {{0, 8 * mebibyte + 1, 0}, true},
      {{3, 9 * mebibyte, 17, 5'000, 8 * mebibyte + 63, 1}, true},
      {{8 * mebibyte, 8 * mebibyte}, true},
      {{100'000, 12 * mebibyte, 200'000}, true},
      {{2 * mebibyte, 9 * mebibyte, 2 * mebibyte}, true},
      {{7 * mebibyte, 9 * mebibyte, 7 * mebibyte}, false},  // most of it is no large block: it goes as a whole
  };
  for (const auto& [sizes, in_parts] : books) {
    nodes.watched[0]->forget();
    Book book;
    for (const std::size_t size : sizes) book.add(size);
    CHECK(pool.submit(sums, book).result() == sums_of(book.blocks));
    CHECK(sent.sent(MessageKind::call_of_parts) == (in_parts ? 1 : 0));
    CHECK(sent.sent(MessageKind::call) == (in_parts ? 0 : 1));
    if (in_parts) CHECK(sent.sent(MessageKind::part) >= 3);
  }
  pool.shutdown();
  CHECK(pool.statistics().completed == 1 + books.size());
}

TEST_CASE("Parts: where every worker of a node has a call, blocks wait for theirs") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a busy node");
  FarNodes nodes(1);
  Pool pool(nodes, {});
  support::Gate gate = support::Gate::make();
  auto first = pool.submit([](support::Gate closed) { closed.wait(); }, gate);
  Book book;
  book.add(9 * mebibyte);
  auto second = pool.submit(sums, book);
  CHECK(nodes.watched[0]->sent(MessageKind::part) == 0);
  gate.open();
  CHECK(second.result() == sums_of(book.blocks));
  first.result();
}

TEST_CASE("Parts: a call that cannot be pickled after all costs its own future") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("parts that are void");
  FarNodes nodes(1);
  Pool pool(nodes, {});
  Book book;
  book.add(9 * mebibyte);
  for (int i = 0; i < 3; ++i) {
    nodes.watched[0]->forget();
    book.after = [](std::size_t, pickle::Writer&) { throw std::range_error("page 1 is missing"); };
    CHECK_THROWS_AS(pool.submit(sums, book).result(), std::range_error);
    CHECK(nodes.watched[0]->sent(MessageKind::part) != 0);
    CHECK(nodes.watched[0]->sent(MessageKind::part_void) == 1);
    CHECK(nodes.watched[0]->sent(MessageKind::call_of_parts) == 0);
    book.after = nullptr;
    CHECK(pool.submit(sums, book).result() == sums_of(book.blocks));
  }
  pool.shutdown();
  CHECK(pool.statistics().failed == 3);
}

TEST_CASE("Parts: what is taken back and written anew arrives as it is at last") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a block that is taken back");
  FarNodes nodes(1);
  Pool pool(nodes, {});
  Book book;
  book.add(9 * mebibyte);
  book.add(1 * mebibyte);
  Book other;
  other.add(9 * mebibyte);
  other.blocks[0][5] ^= 1U;
  book.after = [&](std::size_t i, pickle::Writer& writer) {
    if (i != 0) return;
    writer.truncate(writer.size() - 9 * mebibyte);
    for (const unsigned char byte : other.blocks[0]) writer.put(byte);
  };
  const auto sums_now = pool.submit(sums, book).result();
  CHECK(sums_now == std::vector{sums_of(other.blocks)[0], sums_of(book.blocks)[1]});
  CHECK(nodes.watched[0]->sent(MessageKind::part_void) == 1);
  CHECK(nodes.watched[0]->sent(MessageKind::call) == 1);
}

TEST_CASE("Parts: when their node is lost, another one gets the call") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("parts on a lost node");
  FarNodes nodes(2);
  Pool pool(nodes, {.on_node_death = cf::NodeDeathPolicy::fail_tasks});
  Book book;
  book.add(9 * mebibyte);
  book.add(9 * mebibyte);
  book.after = [&](std::size_t i, pickle::Writer&) {
    if (i == 0) nodes.watched[0]->node->cut();
  };
  CHECK(nodes.watched[0]->sent(MessageKind::part) == 0);
  auto future = pool.submit(sums, book);
  CHECK(nodes.watched[0]->sent(MessageKind::part) != 0);
  try {
    CHECK(future.result() == sums_of(book.blocks));
  } catch (const cf::NodeDied&) {  // the call was sent before anybody had heard of the loss
    SUCCEED();
  }
  book.after = nullptr;
  CHECK(pool.submit(sums, book).result() == sums_of(book.blocks));
}

TEST_CASE("Parts: a shutdown meanwhile refuses the call, and ends") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a shutdown during submit");
  FarNodes nodes(1);
  const auto& sent = *nodes.watched[0];
  Pool pool(nodes, {});
  Book book;
  book.add(9 * mebibyte);
  book.after = [&](std::size_t, pickle::Writer&) {
    pool.shutdown(false);
    // The node is not closed, as long as it may take.
    for (int i = 0; i < 100 && sent.sent(MessageKind::close) == 0; ++i) std::this_thread::sleep_for(2ms);
    CHECK(sent.sent(MessageKind::close) == 0);
  };
  CHECK_THROWS_AS(pool.submit(sums, book), cf::RuntimeError);
  pool.shutdown();
  CHECK(sent.sent(MessageKind::part_void) == 1);
  CHECK(sent.last_sent() == MessageKind::close);
}

TEST_CASE("SentParts: ranges that touch are one, and the gaps are all the rest") {
  cf::detail::SentParts parts;
  parts.add(10, 20);
  parts.add(20, 30);
  parts.add(40, 50);
  CHECK(parts.ranges.size() == 2);
  CHECK(parts.size() == 30);
  std::vector<std::pair<std::size_t, std::size_t>> gaps;
  parts.for_each_gap(60, [&](std::size_t begin, std::size_t end) { gaps.emplace_back(begin, end); });
  CHECK(gaps == std::vector<std::pair<std::size_t, std::size_t>>{{0, 10}, {30, 40}, {50, 60}});
  gaps.clear();
  parts.for_each_gap(50, [&](std::size_t begin, std::size_t end) { gaps.emplace_back(begin, end); });
  CHECK(gaps.size() == 2);
}
