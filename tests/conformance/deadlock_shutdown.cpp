// SPDX-License-Identifier: BSL-1.0
// Rows D13 to D16, X1, X11: what may block while something goes wrong.
#include <signal.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "conformance/tasks.hpp"
#include "conformance/trap.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

int wait_then_crash(support::Counter started, support::Gate gate) {
  started.add();
  gate.wait();
  return crash();
}

int crash_with(const std::string& data, int n) {
  if (data.empty()) return n;
  return crash();
}

/// Waits until a shutdown of the pool has begun in another thread.
template <class Pool>
void await_shutdown(Pool& pool) {
  CHECK(support::eventually([&] {
    try {
      pool.submit(multiply, 1, 1);
      return false;
    } catch (const cf::RuntimeError&) {
      return true;
    }
  }));
}

/// A large value that says when its worker has begun to pickle it, as a result, and then waits in the middle of it.
struct Half {
  support::Gate begun;
  support::Gate release;
  pid_t home = 0;
  std::vector<char> bytes;

  template <class Archive>
  void save(Archive& ar) const {
    ar(begun, release, home, bytes);
    if (::getpid() != home) {
      begun.open();
      release.wait();
      ar(bytes);
    }
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(begun, release, home, bytes);
    if (::getpid() == home) ar(bytes);
  }
};

Half grow(Half half) {
  half.bytes.resize(32U << 20U);
  return half;
}

/// Holds up the thread that runs callbacks until the gate opens.
template <class Pool>
void stall_callbacks(Pool& pool, support::Gate gate) {
  const auto go = support::Gate::make();
  const auto stalled = support::Gate::make();
  pool.submit(wait_for_gate, go).add_done_callback([gate, stalled](cf::Future<int>) {
    stalled.open();
    gate.wait();
  });
  go.open();
  stalled.wait();
}

}  // namespace

EACH_PROCESS_POOL("D13 shutdown: a worker that crashes after it began ends it, and its future is broken") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto future = pool.submit(wait_then_crash, started, gate);
  started.wait_until(1);
  std::thread closer([&] { pool.shutdown(true); });
  await_shutdown(pool);
  gate.open();
  closer.join();
  REQUIRE(future.done());
  CHECK_THROWS_AS(future.result(), cf::BrokenProcessPool);
}

EACH_PROCESS_POOL("D14 shutdown: a pickling error around shutdown(false) reaches its future") {
  auto pool = kind.pool(1);
  auto argument = pool.submit(spring, Trap::make(Place::pickle_argument, Fault::throws));
  auto result = pool.submit(spring, Trap::make(Place::pickle_result, Fault::throws));
  pool.shutdown(false);
  CHECK(support::contains(support::text_of(argument.exception(30s)), "the trap has sprung"));
  CHECK(support::contains(support::text_of(result.exception(30s)), "the trap has sprung"));
}

EACH_PROCESS_POOL("D15 submit: large arguments to workers that crash on each of them leave no stuck writer") {
  auto pool = kind.pool(2);
  const std::string data(4U << 20U, 'x');
  std::vector<cf::Future<int>> futures;
  try {
    for (int i = 0; i < 12; ++i) futures.push_back(pool.submit(crash_with, data, i));
  } catch (const cf::BrokenProcessPool&) {
  }
  REQUIRE_FALSE(futures.empty());
  for (auto& future : futures) CHECK_THROWS_AS(future.result(30s), cf::BrokenProcessPool);
  pool.shutdown();
}

EACH_PROCESS_POOL("D16 submit: a hundred calls while the manager is held up all complete") {
  auto pool = kind.pool(2);
  const auto gate = support::Gate::make();
  stall_callbacks(pool, gate);
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(pool.submit(multiply, i, 2));
  gate.open();
  for (int i = 0; i < 100; ++i) CHECK(futures[static_cast<std::size_t>(i)].result(30s) == 2 * i);
}

EACH_PROCESS_POOL("X1 worker: killed in the middle of a large result while the manager is held up, its future fails") {
  auto pool = kind.pool(1);
  CHECK(pool.submit(multiply, 6, 7).result() == 42);
  const auto stall = support::Gate::make();
  stall_callbacks(pool, stall);
  Half half{support::Gate::make(), support::Gate::make(), ::getpid(), {}};
  auto future = pool.submit(grow, half);
  REQUIRE(half.begun.opens_within(30s));
  ::kill(pool.processes().at(0), SIGKILL);
  stall.open();
  CHECK_THROWS_AS(future.result(5s), cf::BrokenProcessPool);
  CHECK_THROWS_AS(pool.submit(multiply, 1, 1), cf::BrokenProcessPool);
  pool.shutdown();
}

namespace {

/// Returns the caller's resident memory in kB.
long resident() { return std::stol(support::status_field("self", "VmRSS")); }

void burst(const support::ProcessKind& kind, int count) {
  auto pool = kind.pool(2);
  const auto gate = support::Gate::make();
  CHECK(pool.submit(multiply, 1, 1).result() == 1);
  stall_callbacks(pool, gate);
  const long before = resident();
  std::vector<cf::Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) futures.push_back(pool.submit(multiply, i, 1));
  // What waits in the caller's process is counted in hundreds of bytes a call, and this is the limit we give it.
  CHECK(resident() - before < 4096 + count / 1024 * (support::slowness == 1 ? 1024 : 16384));
  gate.open();
  int wrong = 0;
  for (int i = 0; i < count; ++i) wrong += futures[static_cast<std::size_t>(i)].result(60s) == i ? 0 : 1;
  CHECK(wrong == 0);
}

}  // namespace

EACH_PROCESS_POOL("X11 submit: a burst while the manager is held up costs little memory and all complete") {
  burst(kind, 50'000);
}

EACH_PROCESS_POOL("X11 submit: a burst of a million while the manager is held up completes", "[long]") {
  burst(kind, 1'000'000);
}
