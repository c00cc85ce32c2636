// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "concurrent/futures/detail/nodes/nodes.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using nodes::Nodes;
using nodes::Pool;
using nodes::cf::MPIPoolOptions;
using nodes::cf::WorkerDeathPolicy;
using support::contains;
using support::message_of;
using support::square;
using support::wait_for;

namespace cf = concurrent::futures;

namespace {

struct OutOfPaper : std::runtime_error {
  using std::runtime_error::runtime_error;
};
CONCURRENT_FUTURES_EXCEPTION(OutOfPaper)

int print(int pages) { throw OutOfPaper("page " + std::to_string(pages)); }
int crash(int number) {
  ::raise(number);
  return 0;
}
int slow() {
  for (;;) ::pause();
}
int until_told(cf::StopToken token, support::Gate entered, bool throws) {
  entered.open();
  if (!support::eventually([&] { return token.stop_requested(); })) return 0;
  if (throws) throw cf::CancelledError("told to stop");
  return 2;
}
void half_way(support::Gate gate) {
  cf::report_progress(3, 6);
  gate.wait();
}
int told_by_initializer = 0;
void initialize(int number) { told_by_initializer = number; }
int what_initializer_told() { return told_by_initializer; }
[[noreturn]] void refuse_to_begin() { throw OutOfPaper("the tray is empty"); }
int value_of(mp::Value<int> value) { return value.load(); }
std::vector<std::uint64_t> doubled(std::vector<std::uint64_t> numbers) {
  for (std::uint64_t& number : numbers) number *= 2;
  return numbers;
}

/// A task that runs, and ends when its gate opens.
struct HeldCall {
  explicit HeldCall(Pool& pool) : future(pool.submit(wait_for, entered, gate)) { entered.wait(); }
  support::Gate entered = support::Gate::make();
  support::Gate gate = support::Gate::make();
  cf::Future<int> future;
};

/// Tasks that run on nodes 0, 1 and so on.
std::vector<std::unique_ptr<HeldCall>> hold_calls(Pool& pool, int count) {
  std::vector<std::unique_ptr<HeldCall>> all;
  for (int i = 0; i < count; ++i) all.push_back(std::make_unique<HeldCall>(pool));
  return all;
}

}  // namespace

TEST_CASE("Nodes: results, exceptions and large values come from each node") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("results from nodes");
  for (const int count : {1, 2}) {
    Pool pool(Nodes(count), {});
    CHECK(pool.max_workers() == count);
    CHECK(static_cast<int>(pool.nodes().size()) == count);
    CHECK(pool.submit(square, 7).result() == 49);
    const std::string text = message_of<OutOfPaper>([&] { pool.submit(print, 3).result(); });
    CHECK(text == "page 3");
    std::vector<std::uint64_t> numbers(300'000);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<cf::Future<std::vector<std::uint64_t>>> large;
    for (int i = 0; i < 4; ++i) large.push_back(pool.submit(doubled, numbers));
    for (auto& future : large) CHECK(future.result().back() == 2 * numbers.back());
    std::vector<int> items(500);
    std::iota(items.begin(), items.end(), 0);
    int expected = 0;
    for (const int result : pool.map(square, items)) {
      CHECK(result == expected * expected);
      ++expected;
    }
    CHECK(expected == 500);
    pool.shutdown();
    const cf::PoolStatistics counts = pool.statistics();
    CHECK(counts.submitted == 506);
    CHECK(counts.completed == 505);
    CHECK(counts.failed == 1);
    CHECK(contains(fmt::format("{}", pool), "Pool: shut down, 506 done"));
    CHECK_THROWS_AS(pool.submit(square, 1), cf::RuntimeError);
  }
}

TEST_CASE("Nodes: a task that crashes costs its own future, and says where") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a crash on a node");
  const support::CapturedLog log;
  Pool pool(Nodes(2), {.on_worker_death = WorkerDeathPolicy::fail_task});
  const HeldCall held(pool);
  auto dead = pool.submit(crash, SIGKILL);  // on the other node
  try {
    dead.result();
    FAIL("it has a result");
  } catch (const cf::WorkerDied& error) {
    CHECK(error.signal() == SIGKILL);
    CHECK(contains(error.what(), "crash(int)"));
    CHECK(contains(error.what(), "On node node1 (rank 1)."));
    CHECK(error.host() == "node1");
  }
  CHECK(pool.submit(square, 3).result() == 9);
  held.gate.open();
  CHECK(held.future.result() == 1);
  pool.shutdown();
  CHECK(pool.statistics().workers_lost == 1);
}

TEST_CASE("Nodes: with break_pool a crash breaks the pool on all nodes") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a crash that breaks the pool");
  const support::CapturedLog log;
  Pool pool(Nodes(2), {});
  const HeldCall held(pool);
  auto dead = pool.submit(crash, SIGSEGV);
  const std::string text = message_of<cf::BrokenProcessPool>([&] { dead.result(); });
  CAPTURE(text);
  CHECK(contains(text, "killed by SIGSEGV"));
  CHECK(contains(text, "::crash(int)"));
  CHECK(contains(text, "node1"));
  const std::string broken = message_of<cf::BrokenProcessPool>([&] { held.future.result(); });
  CHECK(contains(broken, "node1"));
  CHECK(message_of<cf::BrokenProcessPool>([&] { pool.submit(square, 1); }) ==
        broken + " Make a new executor for more work.");
}

TEST_CASE("Nodes: a call is cancelled until a worker takes it, wherever it is") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("cancel on nodes");
  Pool pool(Nodes(2), {});
  const auto held = hold_calls(pool, 2);
  std::vector<cf::Future<int>> waiting;
  for (int i = 0; i < 6; ++i) waiting.push_back(pool.submit(square, i));  // with both nodes, and in this process
  REQUIRE(support::eventually([&] { return held[0]->future.running() && held[1]->future.running(); }));
  CHECK_FALSE(held[0]->future.cancel());
  CHECK_FALSE(held[1]->future.cancel());
  for (int i = 0; i < 6; ++i) CHECK_FALSE(waiting[static_cast<std::size_t>(i)].running());
  for (int i = 0; i < 6; i += 2) CHECK(waiting[static_cast<std::size_t>(i)].cancel());
  for (const auto& one : held) one->gate.open();
  for (int i = 0; i < 6; ++i) {
    auto& future = waiting[static_cast<std::size_t>(i)];
    CHECK(future.cancelled() == (i % 2 == 0));
    if (i % 2 != 0) CHECK(future.result() == i * i);
  }
  for (const auto& one : held) CHECK(one->future.result() == 1);
  pool.shutdown();
  CHECK(pool.statistics().cancelled == 3);
}

TEST_CASE("Nodes: a time limit and terminate() end one task") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("stopping tasks on nodes");
  Pool pool(Nodes(2), {});
  const HeldCall held(pool);
  auto timed = pool.submit({.timeout = 30ms}, slow);
  CHECK(contains(message_of<cf::TaskTimeoutError>([&] { timed.result(); }), "node1"));
  auto stopped = pool.submit(slow);
  REQUIRE(support::eventually([&] { return stopped.running(); }));
  CHECK(stopped.terminate());
  CHECK_THROWS_AS(stopped.result(), cf::CancelledError);
  CHECK_FALSE(stopped.terminate());
  held.gate.open();
  CHECK(held.future.result() == 1);
  CHECK(pool.submit(square, 4).result() == 16);
}

TEST_CASE("Nodes: a call that cancel() and terminate() end at once counts once") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("races of cancel and terminate on nodes");
  Pool pool(Nodes(2), {.on_worker_death = WorkerDeathPolicy::fail_task});
  std::vector<std::unique_ptr<HeldCall>> held;
  const bool pending = GENERATE(true, false);
  CAPTURE(pending);
  if (pending) held = hold_calls(pool, 2);  // no node takes more than a few calls
  const int rounds = support::rounds(pending ? 20'000 : 2'000);
  std::vector<cf::Future<int>> calls(4);
  std::atomic<int> begun{0};
  std::atomic<int> over{0};
  std::thread other([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (begun.load() < round) std::this_thread::yield();
      // What is over, or a worker has, is rarely to be ended by force: that costs a worker.
      for (std::size_t i = pending || round % 100 == 0 ? 0 : calls.size(); i < calls.size(); ++i) calls[i].terminate();
      over.store(round);
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    for (auto& call : calls) call = pool.submit(square, round);
    begun.store(round);
    for (auto& call : calls) call.cancel();
    while (over.load() < round) std::this_thread::yield();
  }
  other.join();
  for (const auto& one : held) one->gate.open();
  pool.shutdown();
  const auto statistics = pool.statistics();
  CHECK(statistics.submitted == static_cast<std::uint64_t>(4 * rounds + static_cast<int>(held.size())));
  CHECK(statistics.submitted == statistics.completed + statistics.failed + statistics.cancelled);
  CHECK(statistics.failed == 0);
}

TEST_CASE("Nodes: a task can be asked to stop, before it runs and while it does") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("requests to stop on nodes");
  Pool pool(Nodes(2), {});
  const HeldCall held(pool);
  support::Gate entered = support::Gate::make();
  auto running = pool.submit(until_told, entered, true);  // on the other node
  auto waiting = pool.submit(square, 3);
  entered.wait();
  CHECK(waiting.request_stop());
  CHECK(running.request_stop());
  CHECK_THROWS_AS(running.result(), cf::CancelledError);
  CHECK_THROWS_AS(waiting.result(), cf::CancelledError);
  CHECK(running.cancelled());
  CHECK_FALSE(running.request_stop());
  entered = support::Gate::make();
  auto polite = pool.submit(until_told, entered, false);
  entered.wait();
  CHECK(polite.request_stop());
  CHECK(polite.result() == 2);
#ifdef __cpp_lib_jthread
  std::stop_source source;
  entered = support::Gate::make();
  auto watched = pool.submit({.stop_token = source.get_token()}, until_told, entered, true);
  entered.wait();
  source.request_stop();
  CHECK_THROWS_AS(watched.result(), cf::CancelledError);
  CHECK(pool.submit({.stop_token = source.get_token()}, square, 1).cancelled());
#endif
  held.gate.open();
  CHECK(held.future.result() == 1);
}

TEST_CASE("Nodes: a task says how far it is") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("progress on nodes");
  Pool pool(Nodes(2), {});
  const HeldCall held(pool);
  support::Gate gate = support::Gate::make();
  auto future = pool.submit(half_way, gate);
  REQUIRE(support::eventually([&] { return future.progress().done == 3; }));
  CHECK(future.progress().total == 6);
  CHECK(held.future.progress().total == 0);
  gate.open();
  held.gate.open();
  future.result();
  CHECK(future.progress().total == 0);
}

TEST_CASE("Nodes: while a callback holds the manager up, results and answers come all the same") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("a slow callback");
  Pool pool(Nodes(2), {});
  const support::Gate entered = support::Gate::make();
  const support::Gate gate = support::Gate::make();
  const support::Gate added = support::Gate::make();  // before the call ends: the callback would run in this thread
  auto first = pool.submit([added](int n) { return added.wait(), square(n); }, 2);
  first.add_done_callback([entered, gate](cf::Future<int>) {
    entered.open();
    gate.wait();
  });
  added.open();
  entered.wait();
  const auto held = hold_calls(pool, 2);
  for (const auto& one : held) one->gate.open();
  for (const auto& one : held) CHECK(one->future.result(std::chrono::seconds(30)) == 1);  // of which one is far away
  CHECK(pool.processes().size() == 2);
  const auto again = hold_calls(pool, 2);
  std::vector<cf::Future<int>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(pool.submit(square, i));
  for (auto& future : waiting) CHECK(future.cancel());
  for (const auto& one : again) one->gate.open();
  gate.open();
}

TEST_CASE("Nodes: callbacks that are slower than the calls hold up who submits through max_pending") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("slow callbacks on nodes");
  const bool tries = GENERATE(false, true);
  CAPTURE(tries);
  Pool pool(Nodes(2), {.max_pending = 10});
  std::atomic<int> called{0};
  int most = 0;
  for (int i = 1; i <= 400; ++i) {
    auto future = pool.try_submit(square, i);
    while (!future.has_value()) {
      if (tries) {
        std::this_thread::yield();
        future = pool.try_submit(square, i);
      } else {
        future = pool.submit(square, i);
      }
    }
    future->add_done_callback([&](const auto&) {
      const auto end = support::Clock::now() + 500us;
      while (support::Clock::now() < end) std::this_thread::yield();
      called.fetch_add(1);
    });
    most = (std::max)(most, i - called.load());
  }
  pool.shutdown();
  CHECK(called == 400);
  CHECK(most < 160);  // 10 whose callbacks have not run, 10 that wait, and what two nodes have by then
}

TEST_CASE("Nodes: who submits through max_pending may hold a lock that callbacks need") {
  const support::DeadlineGuard deadline("a lock around submit on nodes");
  Pool pool(Nodes(2), {.max_pending = 2});
  std::mutex mutex;
  std::atomic<int> called{0};
  const auto submitter = std::this_thread::get_id();  // which a callback of a call that is done already runs in
  {
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 10; ++i)
      pool.submit(square, i).add_done_callback([&](const auto&) {
        std::unique_lock needed(mutex, std::defer_lock);
        if (std::this_thread::get_id() != submitter) needed.lock();
        called.fetch_add(1);
      });
  }
  pool.shutdown();
  CHECK(called == 10);
}

TEST_CASE("Nodes: shutdown in all its forms") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("shutting down nodes");
  SECTION("what was submitted is completed") {
    Pool pool(Nodes(2), {});
    std::vector<cf::Future<int>> all;
    for (int i = 0; i < 50; ++i) all.push_back(pool.submit(square, i));
    pool.shutdown(false);
    CHECK_THROWS_AS(pool.submit(square, 1), cf::RuntimeError);
    pool.shutdown();
    for (int i = 0; i < 50; ++i) CHECK(all[static_cast<std::size_t>(i)].result() == i * i);
  }
  SECTION("with a limit, and cancelling what has not begun") {
    Pool pool(Nodes(2), {});
    const auto held = hold_calls(pool, 2);
    std::vector<cf::Future<int>> all;
    for (int i = 0; i < 20; ++i) all.push_back(pool.submit(square, i));
    CHECK_FALSE(pool.shutdown_for(10ms, true));
    for (const auto& one : held) one->gate.open();
    CHECK(pool.shutdown_for(30s));
    for (const auto& one : held) CHECK(one->future.result() == 1);
    for (const auto& future : all) CHECK(future.cancelled());
    CHECK(pool.statistics().cancelled == 20);
  }
  SECTION("kill_workers") {
    Pool pool(Nodes(2), {});
    const auto held = hold_calls(pool, 2);
    std::vector<cf::Future<int>> all;
    for (int i = 0; i < 20; ++i) all.push_back(pool.submit(square, i));
    pool.kill_workers();
    for (const auto& one : held)
      CHECK(contains(message_of<cf::BrokenProcessPool>([&] { one->future.result(); }), "stopped by kill_workers"));
    for (const auto& future : all) CHECK_THROWS_AS(future.result(), cf::CancelledError);
    CHECK_THROWS_AS(pool.submit(square, 1), cf::BrokenProcessPool);
  }
  SECTION("unused") { const Pool pool(Nodes(2), {}); }
}

TEST_CASE("Nodes: a node that is lost") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("losing a node");
  const support::CapturedLog log;
  const Nodes nodes(3);
  SECTION("breaks the pool") {
    Pool pool(nodes, {});
    const auto held = hold_calls(pool, 3);
    nodes.sockets[0]->cut();
    try {
      held[1]->future.result();
      FAIL("it has a result");
    } catch (const cf::NodeDied& error) {
      CHECK(error.host() == "node1");
      CHECK(error.rank() == 1);
    }
    CHECK(contains(message_of<cf::BrokenProcessPool>([&] { held[0]->future.result(); }), "node1 (rank 1) was lost"));
    CHECK_THROWS_AS(held[2]->future.result(), cf::BrokenProcessPool);
    CHECK_THROWS_AS(pool.submit(square, 1), cf::BrokenProcessPool);
  }
  SECTION("costs the calls that it had, but those with retries") {
    Pool pool(nodes, {.on_node_death = cf::NodeDeathPolicy::fail_tasks});
    const HeldCall first(pool);
    const HeldCall second(pool);
    support::Gate entered = support::Gate::make();
    support::Gate gate = support::Gate::make();
    auto again = pool.submit({.retries = 1}, wait_for, entered, gate);
    entered.wait();
    auto once = pool.submit(wait_for, entered, gate);  // waits on some node, for this test cuts two
    nodes.sockets[0]->cut();
    CHECK_THROWS_AS(second.future.result(), cf::NodeDied);
    nodes.sockets[1]->cut();
    REQUIRE(support::eventually([&] { return pool.nodes().size() == 1; }));
    gate.open();
    first.gate.open();
    CHECK(first.future.result() == 1);
    CHECK(again.result() == 1);
    once.wait();
    CHECK(pool.submit(square, 5).result() == 25);
  }
}

TEST_CASE("Nodes: initializers, and what is refused") {
  const support::LeakCheck leaks;
  const support::DeadlineGuard deadline("options of nodes");
  {
    Pool pool(Nodes(2), {.initializer = {initialize, 42}, .max_tasks_per_child = 2});
    for (int i = 0; i < 5; ++i) CHECK(pool.submit(what_initializer_told).result() == 42);
  }
  {
    const support::CapturedLog log;
    Pool pool(Nodes(2), {.initializer = refuse_to_begin});
    CHECK(contains(message_of<cf::BrokenProcessPool>([&] { pool.submit(square, 1).result(); }), "the tray is empty"));
  }
  mp::Value<int> shared(7);
  {
    Pool pool(Nodes(1), {});
    CHECK(pool.submit(value_of, shared).result() == 7);
  }
  Pool pool(Nodes(2), {});
  CHECK(contains(message_of<cf::PicklingError>([&] { pool.submit(value_of, shared); }), "another one"));
  CHECK(contains(message_of<std::invalid_argument>([] { const Pool none(Nodes(1), {.max_workers = 0}); }),
                 "max_workers is 0"));
  CHECK(contains(
      message_of<std::invalid_argument>([] { const Pool none(Nodes(1), {.mp_context = mp::get_context("fork")}); }),
      "forkserver"));
}
