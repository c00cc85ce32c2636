// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/stall_detector.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace std::chrono_literals;
using concurrent::futures::detail::Deadline;
using concurrent::futures::detail::IdleWorker;
using concurrent::futures::detail::StallDetector;

namespace {

constexpr IdleWorker fresh_start{.begins = true, .blocked = true, .age = 10ms};
constexpr IdleWorker woken{.blocked = true, .age = 1h};
constexpr IdleWorker deaf{.blocked = true, .was_blocked = true, .age = 1h};
constexpr IdleWorker runs{.age = 1h};

/// Checks as often as it says, until `end`, and counts.
struct Checked {
  Deadline now{1h};
  int checks = 0;
  int repairs = 0;
  int asks = 0;
  int distrusts = 0;

  void until(StallDetector& stalls, Deadline end, bool moved = false, bool enough = true) {
    while (now < end) {
      CHECK(stalls.is_due(now, true));
      const auto todo = stalls.check(now, moved, enough);
      ++checks;
      repairs += todo.repair;
      asks += todo.ask_workers;
      distrusts += todo.wake_busy;
      now = stalls.due();
    }
  }
};

}  // namespace

TEST_CASE("StallDetector: checks at 2, 4, 8, 16, 32 and each 50 ms, wakes from the fourth on, asks from the fifth on") {
  StallDetector stalls;
  Deadline now{1h};
  int n = 0;
  for (const auto pause : {2ms, 4ms, 8ms, 16ms, 32ms, 50ms, 50ms}) {
    CHECK(stalls.is_due(now, true));
    const auto todo = stalls.check(now, false, true);
    CHECK(stalls.due() == now + pause);
    CHECK(todo.repair == (n >= 3));
    CHECK(todo.ask_workers == (n >= 4));
    CHECK_FALSE(stalls.is_due(stalls.due() - 1ns, true));
    CHECK(stalls.due() == now + pause);
    now = stalls.due();
    ++n;
  }
}

TEST_CASE("StallDetector: begins anew when nothing has waited") {
  StallDetector stalls;
  Checked checked;
  checked.until(stalls, checked.now + 1s);
  CHECK_FALSE(stalls.is_due(checked.now, false));
  CHECK(stalls.due() == Deadline::max());  // nobody need look
  CHECK(stalls.is_due(checked.now, true));
  CHECK_FALSE(stalls.check(checked.now, false, true).repair);
  CHECK(stalls.due() == checked.now + 2ms);
}

TEST_CASE("StallDetector: workers that have calls enough are not asked, now and then nobody is believed") {
  StallDetector stalls;
  Checked checked;
  checked.until(stalls, checked.now + 10s, true, false);
  CHECK(checked.asks == 0);
  CHECK(checked.repairs > 190);
  CHECK(checked.distrusts == checked.repairs / 20);
}

TEST_CASE("StallDetector: one more is started when those without a call were woken and do not come") {
  StallDetector stalls;
  const Deadline now{1h};
  stalls.check(now, true, true);
  CHECK(stalls.start_one(now, std::vector<IdleWorker>{}));
  CHECK(stalls.start_one(now, std::vector{deaf}));
  CHECK_FALSE(stalls.start_one(now, std::vector{deaf, woken}));
  CHECK_FALSE(stalls.start_one(now, std::vector{deaf, runs}));
  CHECK_FALSE(stalls.start_one(now, std::vector{deaf, fresh_start}));
}

TEST_CASE("StallDetector: a machine that is too busy to run a worker is no stall, for five seconds") {
  StallDetector stalls;
  Checked checked;
  checked.until(stalls, checked.now + 4s);
  CHECK_FALSE(stalls.start_one(checked.now, std::vector{runs}));
  checked.until(stalls, checked.now + 1100ms);
  CHECK(stalls.start_one(checked.now, std::vector{runs}));
  stalls.check(checked.now, true, true);  // somebody has taken a call
  CHECK_FALSE(stalls.start_one(checked.now, std::vector{runs}));
}

TEST_CASE("StallDetector: one that is starting is waited for: a second if it is blocked, five if it is not run") {
  StallDetector stalls;
  const Deadline now{1h};
  stalls.check(now, true, true);
  const auto starting = [](bool blocked, std::chrono::nanoseconds age) {
    return std::vector{deaf, IdleWorker{.begins = true, .blocked = blocked, .was_blocked = blocked, .age = age}};
  };
  CHECK_FALSE(stalls.start_one(now, starting(true, 999ms)));
  CHECK(stalls.start_one(now, starting(true, 1001ms)));
  CHECK_FALSE(stalls.start_one(now, starting(false, 4999ms)));
}
