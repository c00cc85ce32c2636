// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/spin.hpp>

#include <chrono>
#include <thread>

#include "support/catch.hpp"

namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;
using mp::detail::Polling;
using mp::detail::SpinBudget;

TEST_CASE("Spin: none never polls, at_most has its limit, and a negative limit is none") {
  CHECK(mp::Spin::none().limit() == 0ns);
  CHECK(mp::Spin::at_most(7us).limit() == 7us);
  CHECK(mp::Spin::at_most(-1ns).limit() == 0ns);
  CHECK(mp::Spin::adaptive().limit() > 0ns);
  CHECK(mp::Spin::adaptive().limit() <= 1ms);
}

TEST_CASE("Polling: without a budget there is no second look") {
  Polling none(0);
  CHECK_FALSE(none.again());
  Polling negative(-5);
  CHECK_FALSE(negative.again());
}

TEST_CASE("Polling: it ends, and not before its time is used up") {
  const auto start = std::chrono::steady_clock::now();
  Polling polling(2'000'000);
  while (polling.again()) {
  }
  CHECK(std::chrono::steady_clock::now() - start >= 2ms);
}

TEST_CASE("Backoff: each wait is twice as long as the one before, and none is longer than the longest") {
  const auto start = std::chrono::steady_clock::now();
  mp::detail::Backoff backoff(2'000'000);
  int looks = 0;
  while (backoff.again()) ++looks;
  CHECK(looks == 15);                                                  // 50 ns << 15 is the last that is less
  CHECK(std::chrono::steady_clock::now() - start >= 1638us + 1638us);  // 50 ns << 15, and as much before it
}

TEST_CASE("SpinBudget: it grows while polling pays and shrinks while it does not, within its limits") {
  SpinBudget budget(64'000);
  for (int i = 0; i < 20; ++i) budget.paid();
  CHECK(budget.nanoseconds() == 64'000);
  const auto most = budget.nanoseconds();
  budget.did_not_pay();
  CHECK(budget.nanoseconds() < most);
  for (int i = 0; i < 40; ++i) budget.did_not_pay();
  const auto least = budget.nanoseconds();
  CHECK(least == 4'000);  // it goes on trying
  budget.paid();
  CHECK(budget.nanoseconds() > least);
}

TEST_CASE("SpinBudget: with a limit of nothing it stays nothing") {
  SpinBudget budget(0);
  for (int i = 0; i < 10; ++i) budget.paid();
  CHECK(budget.nanoseconds() == 0);
  for (int i = 0; i < 10; ++i) budget.did_not_pay();
  CHECK(budget.nanoseconds() == 0);
}
