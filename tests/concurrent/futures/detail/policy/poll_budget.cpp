// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/poll_budget.hpp>

#include "support/catch.hpp"

using concurrent::futures::detail::PollBudget;

TEST_CASE("PollBudget: it stays between a sixteenth of the limit and the limit, and follows what pays") {
  for (const std::int64_t limit : {std::int64_t{0}, std::int64_t{16}, std::int64_t{50'000}, std::int64_t{1'000'000}}) {
    PollBudget budget;
    budget.open(limit, 2);
    CHECK(budget.nanoseconds(false) == limit / 2);
    for (int i = 0; i < 40; ++i) {
      const std::int64_t before = budget.nanoseconds(false);
      budget.learn(before, true);
      CHECK(budget.nanoseconds(false) >= before);
    }
    CHECK(budget.nanoseconds(false) == limit);
    for (int i = 0; i < 40; ++i) {
      const std::int64_t before = budget.nanoseconds(false);
      budget.learn(before, false);
      CHECK(budget.nanoseconds(false) <= before);
    }
    CHECK(budget.nanoseconds(false) == limit / 16);
    budget.learn(budget.nanoseconds(false), true);
    CHECK(budget.nanoseconds(false) >= (limit < 100 ? limit : limit / 16 + 100));
    CHECK(budget.nanoseconds(true) == limit / 64);
  }
}

TEST_CASE("PollBudget: cores are oversubscribed when calls and workers want all of them, and sleeps are worth it") {
  PollBudget budget;
  budget.open(1000, 4);
  for (std::size_t calls : {0u, 3u, 4u, 100u}) {
    budget.note_outstanding(calls);
    for (std::size_t workers : {1u, 3u, 4u, 64u})
      CHECK(budget.cores_oversubscribed(workers) == (calls >= 4 && workers >= 4));
  }
  budget.slept(PollBudget::short_sleep - 1);
  CHECK(budget.cores_oversubscribed(4));
  budget.slept(PollBudget::short_sleep - 1);
  CHECK_FALSE(budget.cores_oversubscribed(4));  // tasks are shorter than a sleep
  for (int i = 0; i < 10; ++i) budget.slept(0);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(budget.cores_oversubscribed(4));
    budget.slept(PollBudget::short_sleep);
  }
  CHECK_FALSE(budget.cores_oversubscribed(4));
  budget.slept(PollBudget::short_sleep);
  CHECK(budget.cores_oversubscribed(4));
}
