// SPDX-License-Identifier: BSL-1.0
// Rows C1 to C5, and A1 for as_completed.
#include <chrono>
#include <memory>
#include <ranges>
#include <string>
#include <vector>

#include "conformance/six_futures.hpp"
#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using Futures = std::vector<cf::Future<int>>;

EACH_EXECUTOR("C1 as_completed: it yields every future, done before or not") {
  auto pool = kind.pool();
  const Futures all{notified_future(), failed_future(), finished_future(), pool.submit(multiply, 2, 21),
                    pool.submit(multiply, 7, 6)};
  Futures seen;
  for (auto future : cf::as_completed(all)) {
    CHECK(future.done());
    seen.push_back(future);
  }
  CHECK(seen.size() == all.size());
  for (const auto& future : all) CHECK(holds(seen, future));
}

EACH_EXECUTOR("C2 as_completed: with a timeout it yields what is done and then throws TimeoutError") {
  auto pool = kind.pool();
  const auto gate = support::Gate::make();
  auto blocked = pool.submit(wait_for_gate, gate);
  for (const auto timeout : {0ms, 100ms}) {
    const Futures done{notified_future(), failed_future(), finished_future()};
    Futures seen;
    bool timed_out = false;
    try {
      for (auto future : cf::as_completed(Futures{done[0], done[1], done[2], blocked}, timeout)) seen.push_back(future);
    } catch (const cf::TimeoutError&) {
      timed_out = true;
    }
    CHECK(timed_out);
    CHECK(seen.size() == 3);
    for (const auto& future : done) CHECK(holds(seen, future));
  }
  gate.open();
}

EACH_EXECUTOR("C3 as_completed: a range made on the way that repeats one future yields it once") {
  auto pool = kind.pool();
  auto future = pool.submit(multiply, 6, 7);
  auto repeated = std::views::iota(0, 3) | std::views::transform([&](int) { return future; });
  int yielded = 0;
  for (auto done : cf::as_completed(repeated)) {
    CHECK(done == future);
    ++yielded;
  }
  CHECK(yielded == 1);
}

TEST_CASE_METHOD(support::LeakChecked, "C4 as_completed: it keeps no reference to what it has yielded") {
  using Shared = std::shared_ptr<int>;
  std::vector<cf::Future<Shared>> futures(4);
  std::vector<std::weak_ptr<int>> values;
  const auto finish = [&](cf::Future<Shared>& future) {
    auto value = std::make_shared<int>(1);
    values.push_back(value);
    future.set_result(std::move(value));
  };
  finish(futures[0]);
  finish(futures[1]);
  cf::Future<Shared> later = futures[2];
  auto range = cf::as_completed(futures, 200ms);
  futures.clear();
  std::size_t yielded = 0;
  bool timed_out = false;
  try {
    for (auto it = range.begin(); it != range.end(); ++it) {
      // The iterator stands on one; those it has passed are free.
      for (std::size_t i = 0; i < yielded; ++i) CHECK(values[i].expired());
      if (++yielded == 2) {  // completes while the iteration runs
        finish(later);
        later = {};
      }
    }
  } catch (const cf::TimeoutError&) {
    timed_out = true;
  }
  CHECK(timed_out);
  CHECK(yielded == 3);
  REQUIRE(values.size() == 3);
  for (const auto& value : values) CHECK(value.expired());
}

TEST_CASE_METHOD(support::LeakChecked, "C5 as_completed: the timeout's message counts the unfinished futures") {
  const Futures all{notified_future(), finished_future(), running_future(), pending_future()};
  const std::string text = support::message_of<cf::TimeoutError>([&] {
    for (auto future : cf::as_completed(all, 0s)) CHECK(future.done());
  });
  CHECK(support::contains(text, "2 (of 4) futures unfinished"));
}

TEST_CASE_METHOD(support::LeakChecked, "A1 as_completed: a cancelled future is yielded at once") {
  const auto cancelled = cancelled_future();
  Futures seen;
  for (auto future : cf::as_completed(Futures{cancelled})) seen.push_back(future);
  CHECK(seen == Futures{cancelled});
}
