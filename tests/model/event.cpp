// SPDX-License-Identifier: BSL-1.0
// Event in all executions: whoever waits goes on when it is set, and knows what was done before.
#include "model/check.hpp"

#include <concurrent/multiprocessing/shared_event.hpp>

namespace {

namespace mp = concurrent::multiprocessing;

struct Stage {
  mp::Event event;
  model::Data news{"what the event tells of"};
};

model::Case waiters(const std::string& name, int count, bool clears) {
  model::Limits limits;
  limits.stale = 1;
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    program.thread("setter", [stage, clears] {
      stage->news.write(1);
      stage->event.set();
      if (clears) stage->event.clear();
    });
    for (int waiter = 0; waiter < count; ++waiter) {
      // Where the flag is taken back, one that comes late must not wait for another.
      program.thread(
          "waiter " + std::to_string(waiter),
          [stage] {
            stage->event.wait();
            model::expect(stage->news.read() == 1, "the event is set and there is no news");
          },
          clears ? model::Ends::may_sleep : model::Ends::always);
    }
  };
  return {name, set_up, limits};
}

model::Cases cases() {
  return {waiters("one waits for an event", 1, false), waiters("two wait for an event", 2, false),
          waiters("an event is set and cleared", 1, true)};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Event: whoever waits goes on when it is set") { model::check_all(cases()); }
