// SPDX-License-Identifier: BSL-1.0
// Barrier in all executions: all come through or none does, who has come through sees what the others did before, and
// one that is killed at any step keeps nobody waiting.
#include "model/check.hpp"

#include <concurrent/multiprocessing/barrier.hpp>

namespace {

namespace mp = concurrent::multiprocessing;

constexpr int broken = -1;

struct Stage {
  explicit Stage(int parties) : barrier(parties) {}

  /// The number that wait() gives.
  int pass(int deaths) {
    int number = broken;
    try {
      number = barrier.wait();
    } catch (const mp::BrokenBarrierError&) {
      number = broken;
    }
    if (number == broken) model::expect(deaths != 0 && model::explorer->deaths() != 0, "the barrier is broken");
    return number;
  }

  mp::Barrier barrier;
  std::array<model::Data, 3> done{{model::Data("what 0 did"), model::Data("what 1 did"), model::Data("what 2 did")}};
  std::array<int, 3> numbers{{-2, -2, -2}};
};

model::Limits limits(int deaths) {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  limits.deaths = deaths;
  limits.endless = deaths != 0;  // nobody knows of one that dies before it comes: who waits looks up for ever
  limits.steps = deaths != 0 ? 120 : 500;
  return limits;
}

/// `times` passes of as many as there are parties.
model::Case parties(const std::string& name, int count, int times, int deaths, bool is_long = false) {
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(count);
    for (int party = 0; party < count; ++party) {
      program.thread(
          "party " + std::to_string(party),
          [=] {
            const auto mine = static_cast<std::size_t>(party);
            for (int i = 1; i <= times; ++i) {
              stage->done[mine].write(i);
              stage->numbers[mine] = stage->pass(deaths);
              if (stage->numbers[mine] == broken) return;
              for (int other = 0; other < count; ++other)
                model::expect(stage->done[static_cast<std::size_t>(other)].read() == i, "one came through too early");
              // Nobody writes again before all have looked.
              if (i != times && stage->pass(deaths) == broken) return;
            }
          },
          deaths != 0 && party == 0 ? model::Ends::may_die : model::Ends::always);
    }
    program.at_end([=] {
      std::set<int> numbers;
      for (int party = 0; party < count; ++party) {
        const int number = stage->numbers[static_cast<std::size_t>(party)];
        if (number >= 0) model::expect(numbers.insert(number).second, "two have the same number");
      }
    });
  };
  return {name, set_up, limits(deaths), is_long};
}

/// One waits, and another breaks what it waits at, or makes it as new.
model::Case interrupted(const std::string& name, bool resets) {
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(2);
    program.thread(
        "party",
        [=] {
          bool ended = false;
          try {
            static_cast<void>(stage->barrier.wait());
          } catch (const mp::BrokenBarrierError&) {
            ended = true;
          }
          model::expect(ended, "one comes through alone");
          model::expect(stage->done[0].read() == 1, "it is not seen why");
        },
        resets ? model::Ends::may_sleep : model::Ends::always);  // it may come after the reset
    program.thread("other", [=] {
      stage->done[0].write(1);
      if (resets)
        stage->barrier.reset();
      else
        stage->barrier.abort();
    });
  };
  return {name, set_up, limits(0)};
}

model::Cases cases() {
  return {parties("barrier of two", 2, 1, 0),
          parties("barrier of two, one is killed", 2, 1, 1),
          parties("barrier of two, twice", 2, 2, 0),
          parties("barrier of three", 3, 1, 0, true),
          parties("barrier of three, one is killed", 3, 1, 1, true),
          interrupted("barrier, aborted", false),
          interrupted("barrier, reset", true)};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Barrier: all come through and see what the others did, and one that is killed keeps nobody") {
  model::check_all(cases());
}
