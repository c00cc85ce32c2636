// SPDX-License-Identifier: BSL-1.0
// Rows W1 to W9, and A1 for wait.
#include <chrono>
#include <thread>
#include <vector>

#include "conformance/six_futures.hpp"
#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using Futures = std::vector<cf::Future<int>>;

EACH_EXECUTOR("W1 wait: a future given twice counts once") {
  auto pool = kind.pool(1);
  auto future = pool.submit(multiply, 6, 7);
  auto [done, not_done] = cf::wait(Futures{future, future}, 10s);
  CHECK(done == Futures{future});
  CHECK(not_done.empty());
}

EACH_EXECUTOR("W2 wait: FIRST_COMPLETED returns when one has finished") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto finished = pool.submit(multiply, 21, 2);
  auto blocked = pool.submit(wait_for_gate, gate);
  {
    auto [done, not_done] = cf::wait(Futures{blocked, finished}, cf::FIRST_COMPLETED);
    CHECK(done == Futures{finished});
    CHECK(not_done == Futures{blocked});
  }
  gate.open();
}

EACH_EXECUTOR("W3 wait: FIRST_COMPLETED returns at once with what was done before") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto blocked = pool.submit(wait_for_gate, gate);
  auto notified = notified_future();
  auto finished = finished_future();
  auto [done, not_done] = cf::wait(Futures{notified, finished, blocked}, cf::FIRST_COMPLETED);
  CHECK(done == Futures{notified, finished});
  CHECK(not_done == Futures{blocked});
  gate.open();
}

EACH_EXECUTOR("W4 wait: FIRST_EXCEPTION passes a success and returns at the failure") {
  auto pool = kind.pool();
  const auto to_failing = support::Gate::make();
  const auto to_last = support::Gate::make();
  auto success = pool.submit(multiply, 2, 21);
  auto failing = pool.submit(wait_then_fail, to_failing);
  auto blocked = pool.submit(wait_for_gate, to_last);
  CHECK(success.result() == 42);
  {  // the success alone does not end the wait
    auto [done, not_done] = cf::wait(Futures{success, failing, blocked}, 20ms, cf::FIRST_EXCEPTION);
    CHECK(done == Futures{success});
    CHECK(not_done == Futures{failing, blocked});
  }
  to_failing.open();
  auto [done, not_done] = cf::wait(Futures{success, failing, blocked}, cf::FIRST_EXCEPTION);
  CHECK(done == Futures{success, failing});
  CHECK(not_done == Futures{blocked});
  to_last.open();
}

EACH_EXECUTOR("W5 wait: FIRST_EXCEPTION is not ended by successes and cancellations of before") {
  auto pool = kind.pool();
  const auto to_failing = support::Gate::make();
  const auto to_last = support::Gate::make();
  auto failing = pool.submit(wait_then_fail, to_failing);
  auto blocked = pool.submit(wait_for_gate, to_last);
  auto finished = finished_future();
  auto notified = notified_future();
  auto cancelled = cancelled_future();
  const Futures all{finished, notified, cancelled, failing, blocked};
  {
    auto [done, not_done] = cf::wait(all, 20ms, cf::FIRST_EXCEPTION);
    CHECK(done == Futures{finished, notified, cancelled});
    CHECK(not_done == Futures{failing, blocked});
  }
  to_failing.open();
  auto [done, not_done] = cf::wait(all, cf::FIRST_EXCEPTION);
  CHECK(done == Futures{finished, notified, cancelled, failing});
  CHECK(not_done == Futures{blocked});
  to_last.open();
}

EACH_EXECUTOR("W6 wait: FIRST_EXCEPTION returns at once when one has failed before") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto blocked = pool.submit(wait_for_gate, gate);
  auto failed = failed_future();
  auto [done, not_done] = cf::wait(Futures{failed, blocked}, cf::FIRST_EXCEPTION);
  CHECK(done == Futures{failed});
  CHECK(not_done == Futures{blocked});
  gate.open();
}

EACH_EXECUTOR("W7 wait: ALL_COMPLETED ends with everything in done") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto divided = pool.submit(fail, 0);
  auto product = pool.submit(multiply, 2, 21);
  auto held = pool.submit(wait_for_gate, gate);
  const Futures all{notified_future(), failed_future(), finished_future(), divided, product, held};
  CHECK(product.result() == 42);
  CHECK(divided.exception() != nullptr);
  CHECK(cf::wait(all, 20ms, cf::ALL_COMPLETED).not_done == Futures{held});
  gate.open();
  auto [done, not_done] = cf::wait(all, cf::ALL_COMPLETED);
  CHECK(done == all);
  CHECK(not_done.empty());
}

EACH_EXECUTOR("W8 wait: a timeout returns what is done") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto product = pool.submit(multiply, 6, 7);
  auto blocked = pool.submit(wait_for_gate, gate);
  CHECK(product.result() == 42);
  auto notified = notified_future();
  auto failed = failed_future();
  auto finished = finished_future();
  auto [done, not_done] = cf::wait(Futures{notified, failed, finished, product, blocked}, 50ms, cf::ALL_COMPLETED);
  CHECK(done == Futures{notified, failed, finished, product});
  CHECK(not_done == Futures{blocked});
  gate.open();
}

TEST_CASE_METHOD(support::LeakChecked, "W9 wait: a hundred tasks released at once lose no wake-up (thread)") {
  for (int round = 0; round < support::rounds(50); ++round) {
    cf::ThreadPoolExecutor pool(100);
    const auto started = support::Counter::make();
    const auto gate = support::Gate::make();
    Futures futures;
    for (int i = 0; i < 100; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
    started.wait_until(100);
    std::thread opener([&] { gate.open(); });
    auto [done, not_done] = cf::wait(futures, 30s);
    opener.join();
    CHECK(done == futures);
    CHECK(not_done.empty());
  }
}

EACH_EXECUTOR("A1 wait: a cancelled future is done for every kind of wait") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto blocked = pool.submit(wait_for_gate, gate);
  auto cancelled = cancelled_future();  // nobody will ever notify it
  {
    auto [done, not_done] = cf::wait(Futures{blocked, cancelled}, cf::FIRST_COMPLETED);
    CHECK(done == Futures{cancelled});
    CHECK(not_done == Futures{blocked});
  }
  gate.open();
  auto [done, not_done] = cf::wait(Futures{blocked, cancelled}, cf::ALL_COMPLETED);
  CHECK(done == Futures{blocked, cancelled});
  CHECK(not_done.empty());
}

TEST_CASE_METHOD(support::LeakChecked, "A1 wait: cancelling wakes a wait that is blocked on that future") {
  cf::Future<int> future;
  std::thread canceller([&] { future.cancel(); });
  auto [done, not_done] = cf::wait(Futures{future}, 30s);
  canceller.join();
  CHECK(done == Futures{future});
  CHECK(not_done.empty());
}
