// SPDX-License-Identifier: BSL-1.0
// Lock in all executions: one holder at a time, who sees what the one before did; nobody sleeps on a lock that is free;
// and a holder that is killed at any step keeps nobody out.
#include "model/check.hpp"

#include <concurrent/multiprocessing/detail/lock_word.hpp>

namespace {

namespace ipc = concurrent::multiprocessing::detail;
using concurrent::multiprocessing::Acquired;

struct Stage {
  void name_words(model::Explorer::Program& program) const {
    program.name(&word.owner, "owner");
    program.name(&word.wakeups, "wakeups");
  }
  /// Once in the section that the lock guards.
  void use() {
    const Acquired acquired = word.acquire(holders, holders.self(), (ipc::Deadline::max)());
    model::expect(acquired != Acquired::no, "a lock without a deadline was not acquired");
    if (acquired == Acquired::owner_died) model::expect(model::explorer->deaths() != 0, "nobody has died");
    guarded.write(guarded.read() + 1);
    ++sections;
    model::expect(word.release(holders.self()), "the holder does not hold it");
  }

  ipc::LockWord word{};
  ipc::HolderTable holders;
  model::Data guarded{"what the lock guards"};
  int sections = 0;
};

model::Case users(const std::string& name, int count, int times, int deaths) {
  model::Limits limits;
  limits.stale = 1;
  limits.deaths = deaths;
  limits.lag = false;
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    stage->name_words(program);
    for (int user = 0; user < count; ++user) {
      program.thread(
          "user " + std::to_string(user),
          [stage, times] {
            for (int i = 0; i < times; ++i) stage->use();
          },
          deaths != 0 && user == 0 ? model::Ends::may_die : model::Ends::always);
    }
    program.at_end([stage, count, times, deaths] {
      if (deaths == 0) {
        model::expect(stage->sections == count * times, "a section was left out");
        model::expect(stage->word.owner == 0, "the lock is held in the end");
      }
    });
  };
  return {name, set_up, limits};
}

model::Cases cases() {
  model::Cases all{users("two use a lock", 2, 1, 0), users("one of two is killed", 2, 1, 1),
                   users("three use a lock", 3, 1, 0), users("one of three is killed", 3, 1, 1)};
  all[2].is_long = all[3].is_long = true;
  return all;
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Lock: one holder at a time, nobody sleeps on a free lock, and a dead holder keeps nobody out") {
  model::check_all(cases());
}
