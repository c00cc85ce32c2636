// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/restart_budget.hpp>
#include <concurrent/futures/detail/policy/start_backoff.hpp>

#include "support/catch.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;
using concurrent::futures::detail::Deadline;
using concurrent::futures::detail::RestartBudget;
using concurrent::futures::detail::StartBackoff;

TEST_CASE("RestartBudget: so many deaths within the period are allowed, and one more is too many") {
  RestartBudget budget({3, 1s});
  Deadline now{};
  for (int i = 0; i < 3; ++i) CHECK(budget.spend(now += 100ms, "death"));
  CHECK_FALSE(budget.spend(now += 100ms, "death"));
}

TEST_CASE("RestartBudget: deaths that are older than the period are forgotten, and so are their texts") {
  RestartBudget budget({2, 1s});
  Deadline now{};
  CHECK(budget.spend(now, "first"));
  CHECK(budget.spend(now + 900ms, "second"));
  CHECK(budget.spend(now + 1001ms, "third"));
  CHECK_FALSE(budget.spend(now + 1900ms, "fourth"));
  const std::string text = budget.exceeded_text();
  CHECK_FALSE(support::contains(text, "first"));
  CHECK(support::contains(text, "restart_limit: more than 2 in 1.0"));
  CHECK(support::contains(text, "second\n  third\n  fourth"));
}

TEST_CASE("RestartBudget: a limit of none allows no death, its text has the last five") {
  RestartBudget none({0, 1h});
  CHECK_FALSE(none.spend(Deadline{}, "d1"));
  RestartBudget many({100, 1h});
  for (int i = 10; i < 20; ++i) CHECK(many.spend(Deadline{}, "d" + std::to_string(i)));
  CHECK(support::contains(many.exceeded_text(), "The last:\n  d15\n  d16\n  d17\n  d18\n  d19"));
}

TEST_CASE("StartBackoff: asks again after 10 ms, then twice as long each time, up to a second, anew after a success") {
  StartBackoff backoff;
  Deadline now{};
  CHECK_FALSE(backoff.waits());
  CHECK_FALSE(backoff.take_due(now + 1h));
  for (const auto wait : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
    backoff.refused(now);
    CHECK(backoff.waits());
    CHECK(backoff.due() == now + wait);
    CHECK_FALSE(backoff.take_due(now + wait - 1ns));
    CHECK(backoff.take_due(now + wait));
    CHECK_FALSE(backoff.waits());
    now += wait;
  }
  backoff.started();
  backoff.refused(now);
  CHECK(backoff.due() == now + 10ms);
}
