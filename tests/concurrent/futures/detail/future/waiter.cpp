// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"

namespace detail = concurrent::futures::detail;
using detail::Waiter;
using detail::WaiterLink;

namespace {

detail::Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::milliseconds(1); }

}  // namespace

TEST_CASE("Waiter: has an event once enough links have fired") {
  Waiter waiter(2, false, false);
  WaiterLink link;
  waiter.fire(link, true);
  CHECK_FALSE(waiter.has_event());
  CHECK_FALSE(waiter.sleep(soon()));
  waiter.fire(link, false);
  CHECK(waiter.has_event());
  CHECK(waiter.sleep(detail::Deadline::max()));
}

TEST_CASE("Waiter: has an event at the first failure if it asked for that") {
  Waiter waiter(5, true, false);
  WaiterLink link;
  waiter.fire(link, false);
  CHECK_FALSE(waiter.has_event());
  waiter.fire(link, true);
  CHECK(waiter.has_event());
}

TEST_CASE("Waiter: collects the links that fired, oldest first") {
  Waiter waiter(0, false, true);
  WaiterLink links[3];
  CHECK(waiter.take_fired() == nullptr);
  for (auto& link : links) waiter.fire(link, false);
  CHECK(waiter.has_event());
  const WaiterLink* fired = waiter.take_fired();
  for (const auto& link : links) {
    REQUIRE(fired == &link);
    fired = fired->next_fired;
  }
  CHECK(fired == nullptr);
  CHECK_FALSE(waiter.has_event());
}

TEST_CASE("Waiter: no link is lost between threads") {
  const support::DeadlineGuard deadline("links fired by two threads");
  constexpr std::size_t count = 20'000;
  Waiter waiter(0, false, true);
  std::vector<WaiterLink> links(2 * count);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < count; ++i) waiter.fire(links[t * count + i], false);
    });
  }
  std::size_t seen = 0;
  while (seen < links.size()) {
    for (const WaiterLink* fired = waiter.take_fired(); fired != nullptr; fired = fired->next_fired) ++seen;
    if (seen < links.size()) waiter.sleep(detail::Deadline::max());
  }
  for (auto& thread : threads) thread.join();
  CHECK(seen == links.size());
}
