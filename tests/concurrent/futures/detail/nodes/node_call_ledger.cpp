// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/nodes/node_call_ledger.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;
using detail::NodeCallLedger;
using Location = detail::NodeItem::Location;

namespace {

struct NodeCall final : detail::NodeItem {
  explicit NodeCall(int priority = 0) {
    if (priority == 0) return;
    options = concurrent::pickle::detail::UniquePointer<concurrent::futures::TaskOptions>::make();
    options->priority = priority;
  }
  detail::FutureStateBase& state() noexcept override { std::abort(); }
  detail::CallbackList load(concurrent::pickle::Reader&) override { return {}; }
};

}  // namespace

TEST_CASE("NodeCallLedger: calls wait by priority, and one that comes back is the next") {
  NodeCallLedger ledger;
  NodeCall first;
  NodeCall second;
  NodeCall urgent(1);
  for (NodeCall* const call : {&first, &second, &urgent}) ledger.add(*call);
  CHECK(ledger.outstanding() == 3);
  CHECK(ledger.first_waiting() == &urgent);
  ledger.mark_sent(urgent, 0);
  CHECK(ledger.first_waiting() == &first);
  ledger.mark_sent(first, 0);
  CHECK(ledger.first_waiting() == &second);
  ledger.put_back(first);
  CHECK(ledger.first_waiting() == &first);
  ledger.put_back(urgent);
  CHECK(ledger.first_waiting() == &urgent);
  for (NodeCall* const call : {&first, &second, &urgent}) ledger.close(*call);
  CHECK(ledger.outstanding() == 0);
  CHECK(ledger.first_waiting() == nullptr);
}

TEST_CASE("NodeCallLedger: a call that is sent again has another ticket, and nothing of the time before") {
  NodeCallLedger ledger;
  NodeCall call;
  ledger.add(call);
  ledger.mark_sent(call, 3);
  const std::uint64_t before = call.ticket;
  CHECK(ledger.find(before) == &call);
  CHECK(call.node == 3);
  call.begun = true;
  call.done = call.total = 5;
  ledger.put_back(call);
  CHECK(ledger.find(before) == nullptr);
  ledger.mark_sent(call, 1);
  CHECK(call.ticket != before);
  CHECK(ledger.find(before) == nullptr);
  CHECK(ledger.find(call.ticket) == &call);
  CHECK(call.node == 1);
  CHECK_FALSE(call.begun);
  CHECK(call.done + call.total == 0);
  ledger.close(call);
  CHECK(ledger.find(call.ticket) == nullptr);
}

TEST_CASE("NodeCallLedger: what was asked back is counted until its node has answered, or the call has gone") {
  NodeCallLedger ledger;
  std::vector<NodeCall> calls(4);
  for (NodeCall& call : calls) {
    ledger.add(call);
    ledger.mark_sent(call, 0);
    ledger.ask_back(call);
    ledger.ask_back(call);  // once is enough
  }
  CHECK(ledger.asked_back() == 4);
  ledger.note_answer(calls[0]);
  ledger.note_answer(calls[0]);
  CHECK(ledger.asked_back() == 3);
  ledger.put_back(calls[1]);
  CHECK(ledger.asked_back() == 2);
  ledger.close(calls[2]);
  CHECK(ledger.asked_back() == 1);
  ledger.for_each_sent([&](detail::NodeItem& call) { ledger.close(call); });
  CHECK(ledger.asked_back() == 0);
  CHECK(ledger.outstanding() == 1);
  ledger.close(calls[1]);
}

TEST_CASE("NodeCallLedger: each call is in one place, whatever comes of it") {
  NodeCallLedger ledger;
  std::mt19937 random(1);
  std::vector<std::unique_ptr<NodeCall>> calls;
  std::set<std::uint64_t> tickets;
  std::size_t closed = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (calls.size() < 1000 && random() % 3 == 0) {
      calls.push_back(std::make_unique<NodeCall>(static_cast<int>(random() % 3) - 1));
      ledger.add(*calls.back());
      continue;
    }
    if (detail::NodeItem* const next = ledger.first_waiting(); next != nullptr && random() % 2 == 0) {
      ledger.mark_sent(*next, random() % 5);
      REQUIRE(tickets.insert(next->ticket).second);
    }
    if (calls.empty()) continue;
    NodeCall& call = *calls[random() % calls.size()];
    if (call.location == Location::sent && random() % 2 == 0) {
      if (random() % 2 == 0) ledger.ask_back(call);
      if (random() % 2 == 0) ledger.put_back(call);
    } else if (call.location != Location::gone && random() % 4 == 0) {
      ledger.close(call);
      ++closed;
    }
    if (step % 100 != 0) continue;
    std::size_t sent = 0;
    std::size_t asked = 0;
    bool right = true;
    ledger.for_each_sent([&](const detail::NodeItem& each) {
      ++sent;
      asked += each.asked_back ? 1 : 0;
      right = right && each.location == Location::sent && ledger.find(each.ticket) == &each;
    });
    for (const auto& each : calls) right = right && (each->location == Location::sent || !each->asked_back);
    REQUIRE(right);
    REQUIRE(ledger.asked_back() == asked);
    REQUIRE(ledger.outstanding() == calls.size() - closed);
    REQUIRE(ledger.outstanding() == ledger.waiting() + sent);
    REQUIRE((ledger.first_waiting() != nullptr) == (ledger.waiting() != 0));
    detail::NodeItem* const on_third = ledger.find_sent([](const detail::NodeItem& each) { return each.node == 3; });
    REQUIRE((on_third == nullptr || (on_third->location == Location::sent && on_third->node == 3)));
  }
  CHECK(closed > 100);
}
