// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/policy/poll_budget.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using concurrent::futures::detail::PollBudget;

namespace {

/// Polling that counts its looks instead of looking at a clock: each takes a nanosecond.
class Looks {
 public:
  explicit Looks(std::int64_t budget) : left_(budget) { budgets.push_back(budget); }
  bool again() { return --left_ > 0; }
  static inline std::vector<std::int64_t> budgets;

 private:
  std::int64_t left_;
};

/// A thread of a pool of four workers that polls on four processors, for at most 1600 looks.
struct Poller {
  Poller() { budget.open(1600, 4); }
  /// It waits for the look `end`; at each of `arrivals` something else comes. Returns whether it has seen its end.
  bool poll(int end, const std::vector<int>& arrivals = {}, bool late = false) {
    Looks::budgets.clear();
    looks = 0;
    return budget.poll<Looks>(
        4, [&] { return ++looks == end; },
        [&] {
          for (const int arrival : arrivals) {
            if (arrival == looks) return true;
          }
          return false;
        },
        [&] { return late; });
  }
  PollBudget budget;
  int looks = 0;
};

constexpr int never = -1;

}  // namespace

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

TEST_CASE("PollBudget: a stretch ends with what is waited for, or when nothing has come for its time") {
  Poller poller;
  CHECK(poller.poll(1));
  CHECK(poller.looks == 1);
  CHECK(poller.budget.nanoseconds(false) == 1600);  // that paid
  CHECK(poller.poll(1600));
  CHECK_FALSE(poller.poll(1601));
  CHECK(poller.looks == 1600);
  CHECK(poller.budget.nanoseconds(false) == 800);  // and that did not
}

TEST_CASE("PollBudget: whatever comes makes the stretch begin anew, until it is late") {
  Poller poller;
  CHECK(poller.poll(2000, {700, 1300}));
  CHECK(Looks::budgets == std::vector<std::int64_t>{800, 800, 800});
  CHECK_FALSE(poller.poll(never, {100, 1000}));
  CHECK(poller.looks == 1000 + 1600);
  CHECK_FALSE(poller.poll(never, {100, 700}, true));
  CHECK(poller.looks == 100);
  CHECK(poller.poll(100, {100}, true));  // what is waited for comes first
}

TEST_CASE("PollBudget: where cores are oversubscribed a stretch is short, and nothing is learnt from it") {
  Poller poller;
  poller.budget.note_outstanding(4);
  CHECK_FALSE(poller.poll(never));
  CHECK(poller.looks == 1600 / 64);
  CHECK(poller.poll(1));
  CHECK(poller.budget.nanoseconds(false) == 800);
  poller.budget.note_outstanding(3);
  CHECK_FALSE(poller.poll(never));
  CHECK(poller.looks == 800);
  CHECK(poller.budget.nanoseconds(false) == 400);
}
