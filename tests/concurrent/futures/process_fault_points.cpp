// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: a worker is killed at each named instant of its life. Wherever that is: every future is resolved
// in time, none twice and none wrong, the pool is broken, and the test's leak check finds nothing.
#include "support/fault_points.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;
using support::FaultAction;
using support::FaultAt;

namespace {

std::string repeat(int n) { return std::string(static_cast<std::size_t>(n) * 2000, static_cast<char>('a' + n % 26)); }

struct WorkOutcome {
  int right = 0;
  int wrong = 0;
  int broken = 0;
};

/// Submits tasks until the pool refuses; a result must be its own task's.
WorkOutcome work(cf::ProcessPoolExecutor& pool, int tasks) {
  WorkOutcome outcome;
  std::atomic<int> callbacks = 0;
  std::vector<cf::Future<std::string>> futures;
  try {
    for (int i = 0; i < tasks; ++i) {
      futures.push_back(pool.submit(repeat, i));
      futures.back().add_done_callback([&](cf::Future<std::string>) { ++callbacks; });
    }
  } catch (const cf::BrokenProcessPool&) {
  }
  for (std::size_t i = 0; i < futures.size(); ++i) {
    try {
      ++(futures[i].result(20s) == repeat(static_cast<int>(i)) ? outcome.right : outcome.wrong);
    } catch (const cf::BrokenProcessPool&) {
      ++outcome.broken;
    }
  }
  const auto count = static_cast<int>(futures.size());
  CHECK(outcome.right + outcome.broken == count);
  CHECK(support::eventually([&] { return callbacks == count; }, 5s));
  return outcome;
}

void dies_at(const support::ProcessKind& kind, const std::string& point, FaultAction action, std::uint32_t hit) {
  if (!support::has_fault_points) return;
  CAPTURE(point, hit);
  const FaultAt fault(point, action, hit);
  auto pool = kind.pool(2);
  const WorkOutcome outcome = work(pool, 40);
  CHECK(outcome.wrong == 0);
  REQUIRE(fault.sprung(10s));
  // It may have been idle when it died: then the next call meets the broken pool.
  CHECK(support::eventually(
      [&] {
        try {
          pool.submit(repeat, 1).result(20s);
          return false;
        } catch (const cf::BrokenProcessPool&) {
          return true;
        }
      },
      10s));
  CHECK(pool.statistics().workers_lost >= 1);
}

constexpr const char* points_of_a_call[] = {"worker.claimed",       "worker.started",   "worker.result_written",
                                            "worker.before_commit", "worker.committed", "worker.notified"};

}  // namespace

EACH_PROCESS_POOL("worker: killed at any instant of a call nothing hangs and no result is wrong") {
  for (const char* point : points_of_a_call) {
    for (const std::uint32_t hit : {1U, 2U, 7U}) dies_at(kind, point, FaultAction::kill, hit);
  }
}

EACH_PROCESS_POOL("worker: leaving by _exit at any instant of a call nothing hangs and no result is wrong") {
  for (const char* point : points_of_a_call) dies_at(kind, point, FaultAction::leave, 3);
}

EACH_PROCESS_POOL("worker: killed before it is ready the pool breaks and nothing hangs") {
  for (const char* point : {"worker.started_process", "worker.ready"}) dies_at(kind, point, FaultAction::kill, 1);
}

EACH_PROCESS_POOL("worker: killed as it goes to sleep the pool breaks and nothing hangs") {
  dies_at(kind, "worker.sleep", FaultAction::kill, 1);
}

EACH_PROCESS_POOL("worker: killed after its result was published the result is delivered and not lost") {
  if (!support::has_fault_points) return;
  for (const char* point : {"worker.committed", "worker.notified"}) {
    const FaultAt fault(point, FaultAction::kill);
    auto pool = kind.pool(1);
    CHECK(pool.submit(repeat, 3).result(20s) == repeat(3));
    CHECK(fault.sprung());
  }
}

EACH_PROCESS_POOL("worker: killed before its result was published the future is broken") {
  if (!support::has_fault_points) return;
  for (const char* point : {"worker.claimed", "worker.started", "worker.result_written", "worker.before_commit"}) {
    const FaultAt fault(point, FaultAction::kill);
    auto pool = kind.pool(1);
    CHECK_THROWS_AS(pool.submit(repeat, 3).result(20s), cf::BrokenProcessPool);
    CHECK(fault.sprung());
  }
}

EACH_PROCESS_POOL("worker: killed while it leaves on purpose nobody is hurt") {
  if (!support::has_fault_points) return;
  const FaultAt fault("worker.retire", FaultAction::kill);
  auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 1});
  CHECK(pool.submit(repeat, 1).result(20s) == repeat(1));
  CHECK(support::within(20s, "shutdown while a worker dies", [&] { return pool.shutdown_for(15s); }));
}

EACH_PROCESS_POOL("worker: stopped at any instant of a call it holds up nobody else, and killing it ends it") {
  if (!support::has_fault_points) return;
  for (const char* point : points_of_a_call) {
    CAPTURE(point);
    const FaultAt fault(point, FaultAction::stop, 1);
    auto pool = kind.pool(2);
    auto stopped = pool.submit(repeat, 1);
    REQUIRE(fault.sprung());
    for (int i = 0; i < 20; ++i) CHECK(pool.submit(repeat, i).result(20s) == repeat(i));
    pool.kill_workers();
    pool.shutdown();
    REQUIRE(stopped.done());
  }
}

EACH_PROCESS_POOL("zygote: killed while it starts a worker the pool breaks and nothing hangs") {
  if (!support::has_fault_points) return;
  const FaultAt fault("zygote.start", FaultAction::kill, 1);
  auto pool = kind.pool(2);
  CHECK_THROWS_AS(pool.submit(repeat, 1).result(20s), cf::BrokenProcessPool);
  CHECK_THROWS_AS(pool.submit(repeat, 1).result(20s), cf::BrokenProcessPool);
}

EACH_PROCESS_POOL(
    "worker: kept from the processor between two calls it gets the next call, and the pool no other worker") {
  if (!support::has_fault_points) return;
  for (const char* point : {"worker.committed", "worker.notified", "worker.before_claim", "worker.polling"}) {
    CAPTURE(point);
    const FaultAt fault(point, FaultAction::compute, 2);
    auto pool = kind.pool(4);
    const pid_t first = pool.submit([] { return ::getpid(); }).result(20s);
    CHECK(support::eventually([&] {
      CHECK(pool.submit([] { return ::getpid(); }).result(20s) == first);
      return fault.sprung(0s);
    }));
    CHECK(pool.submit([] { return ::getpid(); }).result(20s) == first);
    CHECK(pool.processes().size() == 1);
    CHECK(pool.statistics().workers_started == 1);
  }
}

#ifdef CONCURRENT_FUTURES_TEST_FAULTS
namespace {

/// What the thread that takes calls back finds between its lock and the calls' callbacks.
struct Interlude {
  static inline std::atomic<const support::Gate*> gate{nullptr};         // lets the call end that runs
  static inline std::atomic<const support::Gate*> helper_gone{nullptr};  // opened when the helper has left

  static void pass(const char* point) {
    const std::string_view name = point;
    if (gate.load() == nullptr) return;
    if (name == "caller.zygote_gone") helper_gone.load()->open();
    if (name != "caller.taken_back") return;
    gate.load()->open();
    // In vain, if all is well: the pool may not end before the callbacks are with it.
    helper_gone.load()->opens_within(300ms);
  }
};

}  // namespace

EACH_PROCESS_POOL("a pool that is shut down waits for the callbacks of the calls that were taken back") {
  namespace ipc = concurrent::multiprocessing::detail;
  for (const bool by_terminate : {false, true}) {
    CAPTURE(by_terminate);
    const support::Counter started = support::Counter::make();
    const support::Gate gate = support::Gate::make();
    const support::Gate gone = support::Gate::make();
    auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 1});
    auto running = pool.submit([started, gate] {
      started.add();
      gate.wait();
    });
    started.wait_until(1);
    std::atomic<int> called{0};
    std::vector<cf::Future<std::string>> waiting;
    for (int i = 0; i < (by_terminate ? 1 : 3); ++i) {
      waiting.push_back(pool.submit(repeat, i));
      waiting.back().add_done_callback([&](const cf::Future<std::string>&) { ++called; });
    }
    Interlude::helper_gone = &gone;
    Interlude::gate = &gate;
    auto* const before = ipc::fault_hook.exchange(&Interlude::pass);
    if (by_terminate) {
      bool ended = false;
      std::thread ender([&] { ended = waiting.front().terminate(); });
      CHECK(pool.shutdown_for(20s));
      CHECK(called == 1);
      ender.join();
      CHECK(ended);
    } else {
      CHECK(pool.shutdown_for(20s, true));
      CHECK(called == 3);
    }
    Interlude::gate = nullptr;
    ipc::fault_hook = before;
    running.result(20s);
  }
}

namespace {

/// What holds a forked worker that has claimed a call and not looked whether it is told to leave.
struct HeldClaims {
  static inline std::atomic<const support::Counter*> claimed{nullptr};
  static inline std::atomic<const support::Gate*> gate{nullptr};
  static inline std::atomic<int> looks{0};  // how often the manager has gone round

  static void pass(const char* point) {
    const std::string_view name = point;
    if (name == "caller.manager_sleeps") ++looks;
    if (name != "worker.call_taken" || gate.load() == nullptr) return;
    claimed.load()->add();
    gate.load()->wait();
  }
};

}  // namespace

TEST_CASE("set_max_workers: a call that a leaving worker had just claimed does not wait for its finalizer") {
  namespace ipc = concurrent::multiprocessing::detail;
  const support::Counter claimed = support::Counter::make();
  const support::Gate go = support::Gate::make();
  const support::Gate finalizers = support::Gate::make();
  HeldClaims::claimed = &claimed;
  HeldClaims::gate = &go;
  auto* const before = ipc::fault_hook.exchange(&HeldClaims::pass);
  {
    cf::ProcessPoolExecutor pool({.max_workers = 2,
                                  .mp_context = concurrent::multiprocessing::get_context("fork"),
                                  .finalizer = {[finalizers] { finalizers.wait(); }}});
    auto first = pool.submit(repeat, 1);
    auto second = pool.submit(repeat, 2);
    claimed.wait_until(2);
    pool.set_max_workers(1);
    go.open();
    CHECK(first.result(20s) == repeat(1));
    CHECK(second.result(20s) == repeat(2));
    finalizers.open();
  }
  HeldClaims::gate = nullptr;
  ipc::fault_hook = before;
}

TEST_CASE("a call with a time limit that its worker has just claimed stays with it") {
  namespace ipc = concurrent::multiprocessing::detail;
  const support::Counter claimed = support::Counter::make();
  const support::Gate go = support::Gate::make();
  HeldClaims::claimed = &claimed;
  HeldClaims::gate = &go;
  auto* const before = ipc::fault_hook.exchange(&HeldClaims::pass);
  {
    cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = concurrent::multiprocessing::get_context("fork")});
    auto future = pool.submit(cf::TaskOptions{.timeout = 60s}, repeat, 1);
    claimed.wait_until(1);
    for (int round = 0; round < 3; ++round) {  // the manager sees it claimed
      const int seen = HeldClaims::looks;
      pool.set_max_workers(1);
      CHECK(support::eventually([&] { return HeldClaims::looks != seen; }));
    }
    go.open();
    CHECK(future.result(20s) == repeat(1));
    CHECK(pool.statistics().workers_started == 1);
  }
  HeldClaims::gate = nullptr;
  ipc::fault_hook = before;
}

EACH_PROCESS_POOL(
    "terminate_workers: a call with a time limit that a stopped worker has claimed ends with the worker") {
  const FaultAt fault("worker.claimed", FaultAction::stop, 1);
  auto pool = kind.pool(1);
  auto future = pool.submit(cf::TaskOptions{.timeout = 60s}, repeat, 1);
  REQUIRE(fault.sprung());
  pool.terminate_workers();  // the signal waits until the worker goes on; a second later it is killed
  CHECK_THROWS_AS(future.result(20s), cf::BrokenProcessPool);
  CHECK(pool.shutdown_for(20s));
}

EACH_PROCESS_POOL("worker: one that is killed when it has done all before its end is no loss") {
  const FaultAt fault("worker.retire", FaultAction::kill, 1);
  auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 1, .max_tasks_per_child = 1});
  CHECK(pool.submit(repeat, 1).result(20s) == repeat(1));
  REQUIRE(fault.sprung());
  CHECK(pool.submit(repeat, 2).result(20s) == repeat(2));  // the first one's end has been heard of
  CHECK(pool.statistics().workers_lost == 0);
}

EACH_PROCESS_POOL("a callback may wait for a call whose result has come together with that of its own") {
  const support::Counter ran = support::Counter::make();
  const support::Gate manager = support::Gate::make();
  auto pool = kind.pool(1);
  const support::Gate added = support::Gate::make();  // before the call ends: the callback would run in this thread
  auto holds = pool.submit([added](int n) { return added.wait(), repeat(n); }, 1);
  std::atomic<bool> held{false};
  holds.add_done_callback([&](const cf::Future<std::string>&) {
    held = true;
    manager.wait();
  });
  added.open();
  while (!held) std::this_thread::yield();
  // The manager is held up, and nobody else looks at the rings until both have been run.
  const auto work = [ran](int n) {
    ran.add();
    return n;
  };
  auto first = pool.submit(work, 1);
  auto second = pool.submit(work, 2);
  std::atomic<int> seen{0};
  first.add_done_callback([&](const cf::Future<int>&) { seen = second.result(20s); });
  ran.wait_until(2);
  manager.open();
  CHECK(pool.shutdown_for(40s));
  CHECK(seen == 2);
}
#endif
