// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <chrono>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The times by which a process pool lives, each with the reason for its size. A value, so that a test can shrink it.
struct PoolTiming {
  using Time = std::chrono::nanoseconds;

  /// While results come in a quick sequence the manager looks that often by itself, and no worker need wake it: a
  /// wake-up costs a worker 2 µs, a look costs the manager 1.
  Time nap = std::chrono::microseconds(200);
  /// So many naps in which nothing happened, and workers wake the manager again.
  int quiet_naps = 3;
  /// While anything is on its way, the manager looks after it at least that often: the detection time that is promised.
  Time watch = std::chrono::milliseconds(50);
  /// So long after the last activity it still does: a burst that stutters then costs no wake-ups.
  Time quiet = std::chrono::seconds(1);
  /// After that much silence large arguments' pages go back to the system, so that it is done within a second.
  Time trim = std::chrono::milliseconds(500);
  /// Between terminate_workers' signal and the one that cannot be ignored: a task may put its things in order.
  Time until_killed = std::chrono::seconds(1);
  /// A trace is written out at least that often.
  Time trace = std::chrono::milliseconds(100);

  /// A worker takes microseconds from its claim to the beginning of the task. One that takes so long is stopped, or
  /// starved by everybody else; another may have more luck.
  Time claim = std::chrono::milliseconds(100);

  /// Calls that wait are looked after in steps that double from the first to the last of these.
  Time first_stall_check = std::chrono::milliseconds(1);
  Time last_stall_check = std::chrono::milliseconds(50);
  /// From that step on workers are woken again: it takes 0.1 ms to wake one that is not hindered.
  Time stall_wakes = std::chrono::milliseconds(8);
  /// And from that one on, that is after two checks at least, a worker more may be started.
  Time stall_starts = std::chrono::milliseconds(16);
  /// One of so many checks trusts nothing that workers say of themselves.
  int distrust = 20;
  /// For so long a runnable worker may not have been run: the machine is busy, and one more would be no help.
  Time starvation = std::chrono::seconds(5);
  /// A worker that is as young as that may still be starting, whatever it seems to do.
  Time start = std::chrono::seconds(1);
};

inline constexpr PoolTiming pool_timing{};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
