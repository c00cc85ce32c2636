// SPDX-License-Identifier: BSL-1.0
// Those who wait at a Queue, in all executions: nobody sleeps while there is something for him.
#include "model/check.hpp"

#include <concurrent/multiprocessing/detail/queue_sleepers.hpp>

namespace {

namespace ipc = concurrent::multiprocessing::detail;

/// What is waited for, and those who wait.
struct Stage {
  ipc::Sleepers sleepers{};
  std::atomic<int> items{0};

  void put() {
    items.fetch_add(1);
    sleepers.wake(1);
  }
  void get() {
    static_cast<void>(ipc::wait_for(
        sleepers, (ipc::Deadline::max)(),
        [this] {
          int seen = items.load();
          while (seen != 0) {
            if (items.compare_exchange_strong(seen, seen - 1)) return ipc::QueueOutcome::done;
          }
          return ipc::QueueOutcome::in_vain;
        },
        [this] { return items.load() != 0; }));
  }
};

model::Case getters(const std::string& name, int count) {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  const auto set_up = [count](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    program.name(&stage->items, "items");
    program.name(&stage->sleepers.count, "count");
    program.name(&stage->sleepers.there, "there");
    for (int i = 0; i < count; ++i) program.thread("getter " + std::to_string(i), [stage] { stage->get(); });
    program.thread("putter", [stage, count] {
      for (int i = 0; i < count; ++i) stage->put();
    });
  };
  return {name, set_up, limits};
}

model::Cases cases() { return {getters("one waits for one item", 1), getters("two wait for two items", 2)}; }
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Queue: who waits for an item gets it when it comes") { model::check_all(cases()); }
