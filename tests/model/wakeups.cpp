// SPDX-License-Identifier: BSL-1.0
// Who looks at the rings, in all executions: no result lies there while everybody sleeps who waits for it.
#include "model/check.hpp"

#include "support/watched_ring.hpp"

namespace ipc = concurrent::multiprocessing::detail;
using concurrent::futures::detail::Deadline;
using concurrent::futures::detail::Wakeups;

namespace {

constexpr Deadline never = (Deadline::max)();
constexpr Deadline soon = Deadline(std::chrono::seconds(1));  // long ago by the clock, which nobody reads here

/// Everybody who has to do with a ring.
struct Stage : support::WatchedRing {
  explicit Stage(model::Explorer::Program& program) {
    program.name(&words.poller, "poller");
    program.name(&words.manager, "manager's word");
    program.name(&published, "published");
    program.name(&taken, "taken");
    program.name(&results, "results");
  }

  void manage() {
    for (;;) {
      while (pump()) {
      }
      const Wakeups::Pace pace = watch.pace();
      const bool polls = pace != Wakeups::Pace::quiet && pace != Wakeups::Pace::grew_quiet;
      watch.sleep_manager(polls ? soon : never, [this] { return ready(); });
    }
  }
  /// A thread that waits for the only result there will be; it looks `times` before it sleeps.
  void wait(int times) {
    const auto is_ready = [this] { return ready(); };
    const auto pump_once = [this] { return pump(); };
    if (times != 0 && watch.try_pump()) {
      watch.poll();
      for (int i = 0; i < times && results.load() == 0; ++i) pump();
      watch.hand_back(pump_once, is_ready);
    }
    while (results.load() == 0) {
      if (watch.try_pump()) {
        watch.sleep(results, 0, never, is_ready);
        while (pump()) {
        }
        watch.hand_back(pump_once, is_ready);
      } else {
        ipc::futex_wait(results, 0, never);
      }
    }
  }
};

model::Limits limits() {
  model::Limits limits;
  limits.stale = 1;
  limits.timers = true;
  limits.steps = 300;
  limits.lag = false;
  return limits;
}

model::Case waits(const std::string& name, int looks) {
  const auto set_up = [looks](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program);
    program.thread("worker", [stage] { stage->publish(); });
    program.thread("waiter", [stage, looks] { stage->wait(looks); });
    program.thread("manager", [stage] { stage->manage(); }, model::Ends::may_sleep);
  };
  return {name, set_up, limits()};
}

/// Somebody has something for the manager, which sleeps for as long as nobody has.
model::Case work() {
  struct Work : Stage {
    using Stage::Stage;
    std::atomic<int> calls{0};
  };
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Work>(program);
    program.name(&stage->calls, "calls");
    program.thread("caller", [stage] {
      stage->calls.store(1, std::memory_order_relaxed);
      stage->watch.wake_manager();
    });
    program.thread("manager", [stage] {
      while (stage->calls.load(std::memory_order_relaxed) == 0) stage->watch.sleep_manager(never, [] { return false; });
    });
  };
  model::Limits its = limits();
  its.timers = false;
  its.lag = true;
  return {"the manager is woken for a call", set_up, its};
}

/// A result comes while a submit says that the manager looks, which may have grown quiet.
model::Case submits() {
  const auto set_up = [](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(program);
    program.thread("worker", [stage] { stage->publish(); });
    program.thread("submitter", [stage] {
      stage->submit();
      stage->wait(0);
    });
    program.thread("manager", [stage] { stage->manage(); }, model::Ends::may_sleep);
  };
  return {"one submits and a result comes", set_up, limits()};
}

model::Cases cases() {
  model::Cases all{waits("one waits", 0), work(), submits(), waits("one looks and waits", 1)};
  all[3].is_long = true;
  return all;
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: a result is seen by a thread that goes to sleep, or by the manager") { model::check_all(cases()); }
