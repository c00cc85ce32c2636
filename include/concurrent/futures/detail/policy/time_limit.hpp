// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/policy/hold_ups.hpp>
#include <concurrent/futures/detail/policy/timing.hpp>
#include <concurrent/pickle/detail/least.hpp>

#include <chrono>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Of a call with a time limit: where it is, and since when.
struct TimedCall {
  enum class Stage : std::uint8_t { waiting, claimed, started };

  Stage stage = Stage::waiting;
  Deadline since{};  // it was seen claimed, or began; of no meaning while it waits
  std::chrono::nanoseconds limit{};
};

/// What is to be done about it now; if nothing, when to look again.
struct TimeLimitStep {
  enum class Action : std::uint8_t { none, take_back, stop };

  Action action = Action::none;
  Deadline look = (Deadline::max)();
};

/// Asked by ProcessPool::check_time_limits (timers.hpp), which takes the call back or stops the task. The limit itself
/// is TaskOptions::timeout, its begin WorkerEntry::started_at (layout.hpp).
///
/// The limit counts from when the task begins. A call that waits can at the earliest be late its whole limit from now.
/// One that is claimed and not begun is no task yet: its worker is given a moment.
inline TimeLimitStep check_time_limit(const TimedCall& call, Deadline now, const HoldUps& hold_ups,
                                      const PoolTiming& timing = pool_timing) noexcept {
  using Action = TimeLimitStep::Action;
  constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365 * 10);  // no sum with it overflows
  const auto limit = pickle::detail::least(call.limit, longest);
  if (call.stage == TimedCall::Stage::waiting) return {Action::none, now + limit};
  const bool claimed = call.stage == TimedCall::Stage::claimed;
  const Deadline since = pickle::detail::least(call.since, now);  // written by a worker: it may be anything
  const Deadline end = hold_ups.end_of(since, claimed ? timing.claim : limit);
  if (now < end) return {Action::none, claimed ? pickle::detail::greatest(end, now + timing.first_stall_check) : end};
  return {claimed ? Action::take_back : Action::stop, now + timing.first_stall_check};
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
