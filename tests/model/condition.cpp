// SPDX-License-Identifier: BSL-1.0
// Condition in all executions: who waits goes on when it is notified and sees what was done before; each notification
// wakes one, and that of one who is killed before it could go on goes to another.
#include "model/check.hpp"

#include <concurrent/multiprocessing/condition.hpp>

namespace mp = concurrent::multiprocessing;
namespace ipc = concurrent::multiprocessing::detail;

using State = ipc::SharedRecord<ipc::ConditionWords>;
using LockState = ipc::SharedRecord<ipc::LockWord>;

// A condition's memory, which each execution begins anew. (An explicit instantiation may name what is private.)
ipc::ConditionWords& words_of(mp::Condition& condition);
ipc::LockWord& lock_of(mp::Condition& condition);
template <State mp::Condition::* state, ipc::BasicLock mp::Condition::* lock, LockState ipc::BasicLock::* lock_state>
struct OpenedCondition {
  friend ipc::ConditionWords& words_of(mp::Condition& condition) { return (condition.*state).record(); }
  friend ipc::LockWord& lock_of(mp::Condition& condition) { return ((condition.*lock).*lock_state).record(); }
};
template struct OpenedCondition<&mp::Condition::state_, &mp::Condition::lock_, &ipc::BasicLock::state_>;

namespace {

struct Stage {
  Stage() {
    ipc::ConditionWords& words = words_of(condition);
    words.used = 0;
    words.next_ticket = 0;
    for (std::uint32_t i = 0; i < model::most_threads; ++i) {
      words.cell[i].holder = 0;
      words.cell[i].word = 0;
    }
    ipc::LockWord& lock = lock_of(condition);
    lock.owner = 0;
    lock.wakeups = 0;
    lock.depth = 0;
  }

  static mp::Condition& shared() {
    static mp::Condition condition{mp::Lock()};
    return condition;
  }
  mp::Condition& condition = shared();
  model::Data items{"the items"};

  void take() {
    static_cast<void>(condition.acquire());
    condition.wait([this] { return items.read() != 0; });
    items.write(items.read() - 1);
    condition.release();
  }
  void give(int count) {
    static_cast<void>(condition.acquire());
    items.write(items.read() + count);
    condition.notify(count);
    condition.release();
  }
};

model::Limits limits(int deaths) {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  limits.deaths = deaths;
  return limits;
}

/// `takers` wait for the items of `givers`, who give `each`. Of those who take, the first may be killed: for what it
/// had been told another is woken, and there is an item for all others.
model::Case exchange(const std::string& name, int takers, int givers, int each, int deaths, bool is_long = false) {
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>();
    for (int i = 0; i < takers; ++i) {
      program.thread(
          "taker " + std::to_string(i), [=] { stage->take(); },
          deaths != 0 && i == 0 ? model::Ends::may_die : model::Ends::always);
    }
    for (int i = 0; i < givers; ++i) program.thread("giver " + std::to_string(i), [=] { stage->give(each); });
  };
  return {name, set_up, limits(deaths), is_long};
}

model::Cases cases() {
  return {exchange("condition, one waits", 1, 1, 1, 0), exchange("condition, two wait for two", 2, 1, 2, 0),
          exchange("condition, two wait for one each", 2, 2, 1, 0, true),
          exchange("condition, one of two who wait is killed", 2, 1, 2, 1),
          exchange("condition, one of two is killed and the other needs its notification", 2, 2, 1, 1, true)};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Condition: who waits goes on when it is notified, whoever is killed") { model::check_all(cases()); }
