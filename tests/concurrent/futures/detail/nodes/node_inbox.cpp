// SPDX-License-Identifier: BSL-1.0
// Who looks when something has come from a node: without a pool, threads play those that wait for it.
#include <atomic>
#include <chrono>
#include <concurrent/futures/detail/nodes/node_inbox.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"

namespace detail = concurrent::futures::detail;
using detail::NodeInbox;

namespace {

constexpr auto for_ever = (detail::Deadline::max)();
bool can_park() {  // Linux 5.16 and later
  NodeInbox inbox;
  const std::atomic<std::uint32_t> word{0};
  return inbox.park(word, 0, std::chrono::steady_clock::now());
}
NodeInbox::Entry any_message_of(std::size_t node) { return {node, {}, false, {}}; }

}  // namespace

TEST_CASE("NodeInbox: gives out what came, in that order, once") {
  NodeInbox inbox;
  CHECK(inbox.empty());
  for (std::size_t node = 0; node < 3; ++node) inbox.put(any_message_of(node));
  inbox.put({3, {}, true, "gone"});
  CHECK_FALSE(inbox.empty());
  const std::vector<NodeInbox::Entry> all = inbox.take_all();
  REQUIRE(all.size() == 4);
  for (std::size_t node = 0; node < 4; ++node) CHECK(all[node].node == node);
  CHECK(all[3].is_loss);
  CHECK(all[3].reason == "gone");
  CHECK(inbox.empty());
  CHECK(inbox.take_all().empty());
}

TEST_CASE("NodeInbox: what was taken is in somebody's hand until that one has handled it") {
  NodeInbox inbox;
  CHECK(inbox.all_handled());
  inbox.put(any_message_of(0));
  inbox.put(any_message_of(1));
  const std::size_t first = inbox.take_all().size();
  inbox.put(any_message_of(2));
  const std::size_t second = inbox.take_all().size();
  const std::uint32_t seen = inbox.answers();
  inbox.note_handled(second);
  CHECK_FALSE(inbox.all_handled());
  CHECK(inbox.answers() != seen);  // whoever waits for that looks again
  inbox.note_handled(first);
  CHECK(inbox.all_handled());
}

TEST_CASE("NodeInbox: the manager does not sleep over what has come since it looked") {
  const support::DeadlineGuard deadline("a manager that must not sleep");
  NodeInbox inbox;
  const std::uint32_t seen = inbox.signal().load();
  SECTION("a message") { inbox.put(any_message_of(0)); }
  SECTION("something else to do") { inbox.wake_manager(); }
  inbox.sleep(seen, for_ever);
}

TEST_CASE("NodeInbox: a loss is the manager's, though another thread pumps") {
  const support::DeadlineGuard deadline("losses that the manager must hear of");
  constexpr std::size_t losses = 2000;
  NodeInbox inbox;
  std::atomic<std::size_t> taken{0};
  inbox.begin_to_pump();
  std::thread manager([&] {
    while (taken.load() < losses) {
      const std::uint32_t seen = inbox.signal().load();
      const std::size_t came = inbox.take_all().size();
      if (came == 0) inbox.sleep(seen, for_ever);
      taken.fetch_add(came);
    }
  });
  for (std::size_t i = 0; i < losses; ++i) {
    inbox.put({0, {}, true, "gone"});
    while (taken.load() <= i) std::this_thread::yield();  // and so it goes to sleep now and then
  }
  manager.join();
  CHECK(taken == losses);
}

TEST_CASE("NodeInbox: a thread that parks does not sleep over what is there, nor while its word has changed") {
  if (!can_park()) return;
  const support::DeadlineGuard deadline("a thread that must not park");
  NodeInbox inbox;
  const std::atomic<std::uint32_t> word{1};
  CHECK(inbox.park(word, 0, for_ever));
  inbox.put(any_message_of(0));
  CHECK(inbox.park(word, 1, for_ever));
}

TEST_CASE("NodeInbox: who has asked does not sleep over an answer, nor over a message that may be one") {
  const support::DeadlineGuard deadline("an answer that has come");
  NodeInbox inbox;
  const std::uint32_t seen = inbox.answers();
  SECTION("an answer") { inbox.tell_of_answer(); }
  SECTION("a message") { inbox.put(any_message_of(0)); }
  inbox.await_answer(seen, for_ever);
}

TEST_CASE("NodeInbox: whatever is put in is taken, by the manager, one that pumps, one that parks or one that asks") {
  const support::DeadlineGuard deadline("messages that somebody must take");
  enum class Taker { manager, pumps, parks, asks };
  const auto taker = GENERATE(Taker::manager, Taker::pumps, Taker::parks, Taker::asks);
  if (taker == Taker::parks && !can_park()) return;
  constexpr std::size_t messages = 20'000;
  NodeInbox inbox;
  std::atomic<std::size_t> taken{0};
  std::atomic<bool> ends{false};
  std::atomic<int> running{2};
  const auto take = [&] {
    const std::size_t came = inbox.take_all().size();
    taken.fetch_add(came);
    return came != 0;
  };
  // Also where another thread looks: that one no longer does at times.
  std::thread manager([&] {
    while (!ends.load()) {
      const std::uint32_t seen = inbox.signal().load();
      if (!take()) inbox.sleep(seen, for_ever);
    }
    --running;
  });
  std::thread other([&] {
    const std::atomic<std::uint32_t> word{0};
    while (taker != Taker::manager && !ends.load()) {
      switch (taker) {
        case Taker::manager:
          break;
        case Taker::pumps:
          inbox.begin_to_pump();
          for (int round = 0; round < 10; ++round) take();
          inbox.stop_pumping();
          take();
          break;
        case Taker::parks:
          inbox.park(word, 0, for_ever);
          take();
          break;
        case Taker::asks: {
          const std::uint32_t seen = inbox.answers();
          if (!take()) inbox.await_answer(seen, for_ever);
          break;
        }
      }
    }
    --running;
  });
  for (std::size_t i = 0; i < messages; ++i) {
    inbox.put(any_message_of(0));
    if (i % 100 == 99) {
      while (taken.load() <= i) std::this_thread::yield();  // so that all of them sleep now and then
    }
  }
  CHECK(taken == messages);
  ends.store(true);
  while (running.load() != 0) {
    inbox.put(any_message_of(0));
    std::this_thread::yield();
  }
  manager.join();
  other.join();
}
