// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/death_verdict.hpp>

#include "support/catch.hpp"

#include <array>

using namespace concurrent::futures;
using concurrent::futures::detail::CallFate;
using concurrent::futures::detail::DeathFacts;
using concurrent::futures::detail::judge;
using concurrent::futures::detail::Verdict;

namespace {

constexpr std::array flags = {
    &DeathFacts::asked_to_end,    &DeathFacts::signalled,      &DeathFacts::retired,
    &DeathFacts::finishing,       &DeathFacts::retiring,       &DeathFacts::damaged,
    &DeathFacts::has_call,        &DeathFacts::call_started,   &DeathFacts::stopped_for_timeout,
    &DeathFacts::stopped_by_user, &DeathFacts::retries_left,   &DeathFacts::initializer_failed,
    &DeathFacts::pool_broken,     &DeathFacts::no_more_workers};
constexpr std::array policies = {WorkerDeathPolicy::break_pool, WorkerDeathPolicy::fail_task};

/// Every combination of facts under each policy.
template <class Check>
void each(Check&& check) {
  int cases = 0;
  for (const WorkerDeathPolicy policy : policies) {
    for (unsigned bits = 0; bits < 1U << flags.size(); ++bits) {
      DeathFacts facts;
      for (std::size_t i = 0; i < flags.size(); ++i) facts.*flags[i] = (bits >> i & 1) != 0;
      if ((facts.call_started && !facts.has_call) || (facts.signalled && !facts.asked_to_end)) continue;
      if (facts.finishing && (facts.retired || facts.call_started)) continue;  // it says one thing at a time
      CAPTURE(bits, static_cast<int>(policy));
      check(facts, judge(facts, policy), policy);
      ++cases;
    }
  }
  CHECK(cases == 2 * 3 * 8 * 256);
}

bool of_itself_in_its_finalizer(const DeathFacts& facts) { return facts.finishing && !facts.signalled; }

}  // namespace

#define HOLDS(condition) \
  if (!(condition)) FAIL_CHECK("not so: " #condition)

TEST_CASE("judge: a call that has not begun is put back, unless the pool is broken or terminate() has come") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy) {
    if (!facts.has_call) {
      HOLDS(verdict.call == CallFate::none);
    } else if (facts.stopped_by_user) {
      HOLDS(verdict.call == CallFate::cancelled);
    } else if (!facts.call_started) {
      HOLDS(verdict.call == (facts.pool_broken ? CallFate::broken : CallFate::put_back));
    } else {
      HOLDS(verdict.call != CallFate::put_back);
      HOLDS(verdict.call != CallFate::none);
    }
  });
}

TEST_CASE("judge: no stop of this pool's is a loss, breaks it, or counts towards the restart limit") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy) {
    if (facts.damaged || of_itself_in_its_finalizer(facts)) return;
    const bool of_a_task = facts.has_call && facts.call_started;
    const bool stopped = of_a_task && (facts.stopped_by_user || facts.stopped_for_timeout);
    if (stopped || (facts.asked_to_end && !of_a_task)) {
      HOLDS(!verdict.counts_as_lost);
      HOLDS(!verdict.breaks_pool);
      HOLDS(!verdict.spends_restart);
    }
  });
}

TEST_CASE(
    "judge: a worker that left after its last task is no loss, but with a call in hand, or a failed initializer") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy) {
    if (facts.damaged || facts.asked_to_end || facts.no_more_workers) return;
    if ((!facts.retired && !facts.retiring) || facts.finishing) return;
    if (!facts.has_call) HOLDS(verdict.counts_as_lost == facts.initializer_failed);
    if (facts.has_call && !facts.call_started) HOLDS(verdict.counts_as_lost);
  });
}

TEST_CASE("judge: a worker that ends by itself in its finalizer is lost, at the pool's end too, and breaks no pool") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy) {
    if (!of_itself_in_its_finalizer(facts)) return;
    HOLDS(verdict.counts_as_lost);
    if (facts.damaged || facts.has_call || facts.initializer_failed) return;
    HOLDS(!verdict.breaks_pool);
    HOLDS(!verdict.spends_restart);
  });
}

TEST_CASE("judge: the restart limit counts the deaths that no task caused, under fail_task") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy policy) {
    const bool of_a_task = facts.has_call && facts.call_started;
    HOLDS(!(verdict.spends_restart && of_a_task));
    HOLDS(!(verdict.spends_restart && policy == WorkerDeathPolicy::break_pool));
    HOLDS(!(verdict.spends_restart && !verdict.counts_as_lost));
    if (of_itself_in_its_finalizer(facts)) return;
    if (verdict.counts_as_lost && !of_a_task && !verdict.breaks_pool) HOLDS(verdict.spends_restart);
  });
}

TEST_CASE("judge: a pool breaks by a loss: any under break_pool, only that of a failed initializer under fail_task") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy policy) {
    if (of_itself_in_its_finalizer(facts)) return;
    HOLDS(verdict.breaks_pool ==
          (verdict.counts_as_lost && (policy == WorkerDeathPolicy::break_pool || facts.initializer_failed)));
  });
}

TEST_CASE("judge: what becomes of a task that was running") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy policy) {
    if (!facts.call_started || facts.stopped_by_user) return;
    if (facts.stopped_for_timeout) {
      HOLDS(verdict.call == CallFate::timed_out);
      return;
    }
    if (facts.pool_broken) HOLDS(verdict.call == CallFate::broken);
    HOLDS(verdict.call != CallFate::timed_out);
    HOLDS(verdict.call != CallFate::cancelled);
    if (policy == WorkerDeathPolicy::break_pool) HOLDS(verdict.call != CallFate::retry);
    if (policy == WorkerDeathPolicy::fail_task && !facts.pool_broken && !facts.initializer_failed)
      HOLDS(verdict.call == (facts.retries_left ? CallFate::retry : CallFate::worker_died));
  });
}

TEST_CASE("judge: a worker that wrote what cannot be is lost, whatever else is known of it") {
  each([](const DeathFacts& facts, const Verdict& verdict, WorkerDeathPolicy) {
    if (facts.damaged) HOLDS(verdict.counts_as_lost);
  });
}

TEST_CASE("DeathFacts: nothing is so that is not said to be, and a death of which nothing is known is a loss") {
  const DeathFacts nothing;
  for (const auto flag : flags) CHECK_FALSE(nothing.*flag);
  const Verdict verdict = judge(nothing, WorkerDeathPolicy::fail_task);
  CHECK(verdict.call == CallFate::none);
  CHECK(verdict.counts_as_lost);
  CHECK(verdict.spends_restart);
  CHECK_FALSE(verdict.breaks_pool);
}
