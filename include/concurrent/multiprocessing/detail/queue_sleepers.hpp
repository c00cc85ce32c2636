// SPDX-License-Identifier: BSL-1.0
// Who waits at a Queue: for an item, for room, or until all is done. They poll for a moment and sleep then; who changes
// something wakes them only where somebody may be asleep.
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/holder_table.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Those who wait for something: a count to sleep on, and whether somebody may be asleep.
struct Sleepers {
  std::atomic<std::uint32_t> count;
  std::atomic<std::uint32_t> there;

  void wake(int n) noexcept {
    if (there.load(std::memory_order_seq_cst) == 0) return;
    there.store(0, std::memory_order_seq_cst);
    count.fetch_add(1, std::memory_order_release);
    futex_wake(count, n, true);
  }
};

enum class QueueOutcome { done, in_vain, closed };

/// Does nothing before it looks again.
struct LooksAgain {
  void operator()() const noexcept {}
};

/// `attempt` says what it has achieved, `more` whether another of those who wait could achieve it now as well: whoever
/// came while this one had been woken and had not said yet that others sleep has woken nobody. `hold_off` comes once,
/// between the first attempt and the second.
///
/// Each attempt takes the cache lines that it reads from whoever is about to change them, so that there is more and
/// more time between two, up to about a third of a microsecond.
template <class Attempt, class More, class HoldOff = LooksAgain>
QueueOutcome wait_for(Sleepers& sleepers, Deadline deadline, Attempt attempt, More more, HoldOff hold_off = {}) {
  // Nanoseconds: about what a sleep and a wake-up cost. Also where this process may use one processor only: whoever it
  // waits for may be on another.
  constexpr std::int64_t longest_spin = 5'000;
  constexpr int most_pauses = 8;
  Polling polling(longest_spin);
  int pauses = 1;
  bool slept = false;
  for (;;) {
    const std::uint32_t count = sleepers.count.load(std::memory_order_acquire);
    QueueOutcome outcome = attempt();
    if (outcome == QueueOutcome::in_vain && !has_passed(deadline)) {
      if (polling.again()) {
        if (pauses == 1) hold_off();
        for (int i = 0; i < pauses; ++i) pause_processor();
        if (pauses < most_pauses) pauses *= 2;
        continue;
      }
      sleepers.there.store(1, std::memory_order_seq_cst);  // then look again: who came in between saw nobody
      outcome = attempt();
    } else if (slept && outcome == QueueOutcome::done) {
      sleepers.there.store(1, std::memory_order_seq_cst);  // others may sleep still
      if (more()) sleepers.wake(1);
    }
    if (outcome != QueueOutcome::in_vain || has_passed(deadline)) return outcome;
    futex_wait(sleepers.count, count, next_look_up(deadline), true);
    slept = true;
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
