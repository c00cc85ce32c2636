// SPDX-License-Identifier: BSL-1.0
// Rows S1 to S7, S14, S16 to S18, X6, A7, A8: shutdown, the destructor, and the end of the program.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/run_program.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

int five_minus(int n) { return 5 - n; }
const std::vector<int> ten{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
const std::vector<int> five_minus_ten{5, 4, 3, 2, 1, 0, -1, -2, -3, -4};

template <class Kind>
support::Ran at_exit(const Kind& kind, const char* which) {
  return support::run_program({support::own_folder() + "/programs/at_exit", kind.name, which});
}

}  // namespace

EACH_EXECUTOR("S1 submit: after shutdown it throws RuntimeError") {
  auto pool = kind.pool();
  pool.shutdown();
  const std::string text = support::message_of<cf::RuntimeError>([&] { pool.submit(multiply, 2, 5); });
  CHECK(support::contains(text, "shutdown"));
  CHECK_THROWS_AS(pool.map(five_minus, ten), cf::RuntimeError);
}

EACH_EXECUTOR("S2 program: it ends without shutdown and submitted work still completes, without a word of complaint") {
  const auto ran = at_exit(kind, "ends");
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK(ran.out == "apple\n");
  CHECK(ran.error == "");
}

EACH_EXECUTOR("S3 submit: from an exit handler after shutdown it throws RuntimeError") {
  const auto ran = at_exit(kind, "submits_at_exit");
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK(ran.out == "apple\nruntime-error\n");
  CHECK(ran.error == "");
}

EACH_EXECUTOR("S4 shutdown: after fifty short tasks every result can be read") {
  auto pool = kind.pool();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(multiply, i, 2));
  pool.shutdown();
  for (int i = 0; i < 50; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(0s) == 2 * i);
}

EACH_EXECUTOR("S5 shutdown: with cancel_futures what has not started is cancelled and the rest completes") {
  auto pool = kind.pool(5);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  started.wait_until(5);
  std::thread closer([&] { pool.shutdown(true, true); });
  // All of them, or a worker of another node takes one that is just being asked back there.
  CHECK(support::eventually(
      [&] { return std::count_if(futures.begin(), futures.end(), [](auto& one) { return one.cancelled(); }) == 45; },
      10s));
  gate.open();
  closer.join();
  int cancelled = 0;
  int finished = 0;
  for (auto& future : futures) {
    REQUIRE(future.done());
    future.cancelled() ? ++cancelled : (future.exception() == nullptr ? ++finished : 0);
  }
  CHECK(cancelled == 45);
  CHECK(finished == 5);
}

EACH_EXECUTOR("S6 program: it ends after shutdown(false) with a task running, waits for it and does not hang") {
  const auto ran = at_exit(kind, "does_not_wait");
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK(ran.out == "apple\n");
  CHECK(ran.error == "");
}

EACH_EXECUTOR("S7 shutdown: after a submit that was cancelled at once it finishes") {
  for (int round = 0; round < support::rounds(20); ++round) {
    auto pool = kind.pool(2);
    auto future = pool.submit(multiply, 2, 3);
    future.cancel();
    support::within(5s, "S7 shutdown after cancel", [&] { pool.shutdown(true); });
    CHECK(future.done());
  }
}

EACH_EXECUTOR("S14 program: it ends right after shutdown(false, true), with the work done or not and no error") {
  const auto ran = at_exit(kind, "cancels");
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK((ran.out.empty() || ran.out == "apple\n"));
  CHECK(ran.error == "");
}

EACH_PROCESS_POOL("S16 ProcessPoolExecutor: a map in its scope is complete and its workers are gone after it") {
  std::vector<pid_t> workers;
  std::vector<int> results;
  {
    auto pool = kind.pool(5);
    results = pool.map(five_minus, ten).to_vector();
    workers = pool.processes();
  }
  CHECK(results == five_minus_ten);
  CHECK_FALSE(workers.empty());
  CHECK(support::count_alive(workers) == 0);
}

EACH_PROCESS_POOL("S17 ~ProcessPoolExecutor: right after a map all results are computed and nothing is left") {
  std::optional<cf::MapResult<int>> results;
  {
    auto pool = kind.pool(5);
    results.emplace(pool.map(five_minus, ten));
  }
  CHECK_FALSE(support::has_children());
  CHECK(results->to_vector() == five_minus_ten);
}

EACH_PROCESS_POOL("S18 shutdown: without waiting the workers end by themselves with all results computed") {
  auto pool = kind.pool(5);
  const auto gate = support::Gate::make();
  auto results = pool.map(
      [](int n, support::Gate wait) {
        wait.wait();
        return n;
      },
      ten, std::vector(10, gate));
  pool.shutdown(false);
  const auto workers = pool.processes();
  gate.open();
  CHECK(results.to_vector() == ten);
  CHECK(support::eventually([&] { return support::count_alive(workers) == 0; }, 10s));
}

EACH_EXECUTOR("A7 destructor: it waits for what was submitted") {
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  std::thread opener;
  {
    auto pool = kind.pool(1);
    for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
    opener = std::thread([&] {
      started.wait_until(1);
      gate.open();
    });
  }
  opener.join();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(futures[static_cast<std::size_t>(i)].done());
    CHECK(futures[static_cast<std::size_t>(i)].result() == i);
  }
}

EACH_EXECUTOR("A8 shutdown: a later one adds waiting and cancelling and takes neither back") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = pool.submit(started_then_wait, started, gate, 1);
  started.wait_until(1);
  std::vector<cf::Future<int>> pending;
  for (int i = 0; i < 5; ++i) pending.push_back(pool.submit(multiply, i, i));
  pool.shutdown(false);
  CHECK_FALSE(pending.back().done());
  pool.shutdown(false, true);
  for (auto& future : pending) CHECK(future.cancelled());
  pool.shutdown(false, false);
  CHECK_FALSE(running.done());
  gate.open();
  pool.shutdown(true);
  CHECK(running.done());
  CHECK(running.result() == 1);
}

EACH_EXECUTOR("X6 shutdown: (false, true) and then (true) cancels and waits") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = pool.submit(started_then_wait, started, gate, 7);
  started.wait_until(1);
  std::vector<cf::Future<int>> pending;
  for (int i = 0; i < 5; ++i) pending.push_back(pool.submit(started_then_wait, started, gate, i));
  pool.shutdown(false, true);
  std::thread opener([&] { gate.open(); });
  pool.shutdown(true, false);
  CHECK(running.done());
  for (auto& future : pending) CHECK(future.cancelled());
  CHECK(running.result() == 7);
  CHECK(started.value() == 1);
  opener.join();
}
