// SPDX-License-Identifier: BSL-1.0
// Semaphore and BoundedSemaphore in all executions: never more holders than permits, who sees what the ones before did;
// nobody sleeps on a permit that is free; and the permit of a holder that is killed at any step comes back.
#include "model/check.hpp"

#include <concurrent/multiprocessing/semaphore.hpp>

namespace {

namespace mp = concurrent::multiprocessing;

/// `holders` take a permit and give it back, of as many as there are.
template <class Semaphore>
model::Case holders(const std::string& name, int count, int permits, int deaths) {
  struct Stage {
    explicit Stage(int value) : semaphore(value) {}
    Semaphore semaphore;
    model::Data guarded{"what one permit guards"};
    int inside = 0;
  };
  model::Limits limits;
  limits.stale = 1;
  limits.deaths = deaths;
  limits.lag = false;
  const auto set_up = [=](model::Explorer::Program& program) {
    const auto stage = std::make_shared<Stage>(permits);
    for (int holder = 0; holder < count; ++holder) {
      program.thread(
          "holder " + std::to_string(holder),
          [stage, permits] {
            const mp::Acquired got = stage->semaphore.acquire();
            if (got == mp::Acquired::owner_died) --stage->inside;
            ++stage->inside;
            model::expect(stage->inside <= permits, "more hold a permit than there are");
            if (permits == 1) stage->guarded.write(stage->guarded.read() + 1);
            --stage->inside;
            stage->semaphore.release();
          },
          deaths != 0 && holder == 0 ? model::Ends::may_die : model::Ends::always);
    }
  };
  return {name, set_up, limits};
}

model::Limits limits() {
  model::Limits limits;
  limits.stale = 1;
  limits.lag = false;
  return limits;
}

/// Two wait for what two others raise, one each.
model::Case signals() {
  const auto set_up = [](model::Explorer::Program& program) {
    const auto semaphore = std::make_shared<mp::Semaphore>(0);
    for (int i = 0; i < 2; ++i) {
      program.thread("waiter " + std::to_string(i), [semaphore] { static_cast<void>(semaphore->acquire()); });
      program.thread("raiser " + std::to_string(i), [semaphore] { semaphore->release(); });
    }
  };
  return {"two wait for two signals", set_up, limits()};
}

/// Two wait for the two permits that two others give back.
model::Case permits_come_back() {
  const auto set_up = [](model::Explorer::Program& program) {
    const auto semaphore = std::make_shared<mp::BoundedSemaphore>(2);
    for (std::uint32_t i = 0; i < 2; ++i) {
      mp::detail::HolderTable::set_up_for = i;
      static_cast<void>(semaphore->acquire());
      program.thread("holder " + std::to_string(i), [semaphore] { semaphore->release(); });
    }
    for (int i = 0; i < 2; ++i)
      program.thread("waiter " + std::to_string(i), [semaphore] { static_cast<void>(semaphore->acquire()); });
  };
  return {"two wait for two permits that come back", set_up, limits(), true};
}

model::Cases cases() {
  return {holders<mp::Semaphore>("two use a semaphore of one", 2, 1, 0),
          holders<mp::BoundedSemaphore>("two use a bounded semaphore of one", 2, 1, 0),
          holders<mp::BoundedSemaphore>("one of two with a permit is killed", 2, 1, 1), signals(), permits_come_back()};
}
const model::Known known(cases);

}  // namespace

TEST_CASE("Model: Semaphore, BoundedSemaphore: one permit, two who wait for two signals both come to one") {
  model::check_all(cases());
}
