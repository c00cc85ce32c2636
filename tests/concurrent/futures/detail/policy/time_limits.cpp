// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/hold_ups.hpp>
#include <concurrent/futures/detail/policy/time_limit.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace concurrent::futures::detail;
using Action = TimeLimitStep::Action;
using Stage = TimedCall::Stage;

namespace {

constexpr Deadline start{1h};

/// Beats as it should, from `from` until `to`.
void beat_until(HoldUps& hold_ups, Deadline from, Deadline to) {
  for (Deadline now = from; now < to; now += 50ms) hold_ups.beat(now);
  hold_ups.beat(to);
}

}  // namespace

TEST_CASE("HoldUps: a program that runs is never held up, however late single beats are") {
  HoldUps hold_ups;
  Deadline now = start;
  for (int i = 0; i < 1000; ++i) hold_ups.beat(now += HoldUps::interval + HoldUps::late - 1ns);
  CHECK(hold_ups.held_since(start) == 0ns);
  CHECK(hold_ups.end_of(start, 5s) == start + 5s);
}

TEST_CASE("HoldUps: what passed while it was held up does not count, and a second remains in any case") {
  HoldUps hold_ups;
  beat_until(hold_ups, start, start + 2s);
  const Deadline resumed = start + 2s + HoldUps::interval + 10s;
  hold_ups.beat(resumed);
  CHECK(hold_ups.held_since(start) == 10s);
  CHECK(hold_ups.end_of(start, 8s) == start + 18s);  // there is more left than the grace
  CHECK(hold_ups.end_of(start, 2s + 200ms) == resumed + 1s);
  CHECK(hold_ups.end_of(start, 1s) == resumed + 1s);
  CHECK(hold_ups.end_of(resumed, 1ms) == resumed + 1s);               // it began before anybody could see that
  CHECK(hold_ups.end_of(resumed + 1ns, 1ms) == resumed + 1ns + 1ms);  // began later: none of its business
}

TEST_CASE("HoldUps: while nobody beats nothing is held up") {
  HoldUps hold_ups;
  hold_ups.beat(start);
  hold_ups.rest();
  hold_ups.beat(start + 1h);
  hold_ups.beat(start + 1h + 100ms);
  CHECK(hold_ups.held_since(start) == 0ns);
}

TEST_CASE("HoldUps: many hold-ups add up, each for those that began before it") {
  HoldUps hold_ups;
  Deadline now = start;
  hold_ups.beat(now);
  std::vector<Deadline> between;
  for (int i = 0; i < 100; ++i) {
    between.push_back(now + 1ns);
    hold_ups.beat(now += HoldUps::interval + 1s);
  }
  for (int i = 99; i > 99 - 15; --i) CHECK(hold_ups.held_since(between[static_cast<std::size_t>(i)]) == (100 - i) * 1s);
  CHECK(hold_ups.held_since(now) == 0ns);
  CHECK(hold_ups.held_since(start) == 16s);  // so many are remembered
}

TEST_CASE("check_time_limit: a call that waits is looked at again when it could be late at the earliest") {
  const HoldUps none;
  const auto step = check_time_limit({Stage::waiting, {}, 300ms}, start, none);
  CHECK(step.action == Action::none);
  CHECK(step.look == start + 300ms);
}

TEST_CASE("check_time_limit: a task is stopped at its limit and not before") {
  const HoldUps none;
  for (const auto limit : {0ns, 1ns, 300'000'000ns}) {
    if (limit != 0ns) {
      const auto before = check_time_limit({Stage::started, start, limit}, start + limit - 1ns, none);
      CHECK(before.action == Action::none);
      CHECK(before.look == start + limit);
    }
    CHECK(check_time_limit({Stage::started, start, limit}, start + limit, none).action == Action::stop);
  }
  // However long it is, nothing overflows; and a beginning that is noted in the future is now.
  CHECK(check_time_limit({Stage::started, start, std::chrono::nanoseconds::max()}, start, none).action == Action::none);
  CHECK(check_time_limit({Stage::started, start + 1h, 1s}, start, none).look == start + 1s);
}

TEST_CASE("check_time_limit: a call that is taken and not begun is taken back after a moment") {
  const HoldUps none;
  const TimedCall call{Stage::claimed, start, 1h};
  CHECK(check_time_limit(call, start + 99ms, none).action == Action::none);
  CHECK(check_time_limit(call, start + 99ms, none).look == start + 100ms);
  CHECK(check_time_limit(call, start + 100ms, none).action == Action::take_back);
}

TEST_CASE("check_time_limit: after a hold-up there is the grace, for a task and for a call that is not begun") {
  HoldUps hold_ups;
  hold_ups.beat(start);
  const Deadline resumed = start + 3s;
  hold_ups.beat(resumed);
  for (const Stage stage : {Stage::claimed, Stage::started}) {
    const TimedCall call{stage, start, 200ms};
    CHECK(check_time_limit(call, resumed, hold_ups).action == Action::none);
    CHECK(check_time_limit(call, resumed + 1s - 1ns, hold_ups).action == Action::none);
    CHECK(check_time_limit(call, resumed + 1s, hold_ups).action != Action::none);
  }
}
