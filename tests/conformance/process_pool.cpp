// SPDX-License-Identifier: BSL-1.0
// Rows P3 to P11 and A3, A5, A6, X9 for processes: workers, and what comes back from them.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using support::contains;

namespace {

int add_one(int n) { return n + 1; }

mp::ProcessInfo own_info() { return mp::current_process(); }

/// Counts, in memory that the caller sees, how many of it live in worker processes.
struct Counted {
  support::Counter alive;
  pid_t home = 0;
  std::shared_ptr<void> life;  // not pickled: made anew on the other side

  template <class Archive>
  void save(Archive& ar) const {
    ar(alive, home);
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(alive, home);
    alive.add();
    life = std::shared_ptr<void>(nullptr, [count = alive](void*) { count.subtract(); });
  }
};

}  // namespace

EACH_PROCESS_POOL("P3 worker: killing it fails the running future and later submits with BrokenProcessPool") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto future = pool.submit(started_then_wait, started, gate, 0);
  started.wait_until(1);
  const auto workers = pool.processes();
  REQUIRE(workers.size() == 1);
  ::kill(workers[0], SIGTERM);
  CHECK_THROWS_AS(future.result(5s), cf::BrokenProcessPool);
  CHECK_THROWS_AS(pool.submit(multiply, 2, 3), cf::BrokenProcessPool);
}

EACH_PROCESS_POOL("P4 BrokenProcessPool: each failed future has an exception of its own") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  started.wait_until(1);
  ::kill(pool.processes().at(0), SIGKILL);
  std::set<const void*> objects;
  std::vector<std::exception_ptr> held;
  for (auto& future : futures) {
    held.push_back(future.exception(5s));
    try {
      std::rethrow_exception(held.back());
    } catch (const cf::BrokenProcessPool& error) {
      objects.insert(&error);
      CHECK(contains(error.what(), "SIGKILL"));
    }
  }
  CHECK(objects.size() == 3);
}

EACH_PROCESS_POOL("P5 map: any chunksize equals the plain map") {
  auto pool = kind.pool();
  std::vector<int> numbers;
  for (int i = 0; i < 40; ++i) numbers.push_back(i);
  const auto plain = pool.map(add_one, numbers).to_vector();
  for (const std::size_t chunksize : {6U, 40U, 50U})
    CHECK(pool.map(add_one, numbers, {.chunksize = chunksize}).to_vector() == plain);
}

EACH_PROCESS_POOL("P6 exception: its type and text arrive, with where it came from") {
  auto pool = kind.pool(1);
  const auto [name, worker] = pool.submit(own_info).result();
  auto future = pool.submit([](int) -> int { throw std::out_of_range("some text"); }, 123);
  try {
    future.result();
    FAIL("nothing was thrown");
  } catch (const std::out_of_range& error) {
    CHECK(std::string(error.what()) == "some text");
    try {
      std::rethrow_if_nested(error);
      FAIL("no cause");
    } catch (const pickle::RemoteTraceback& cause) {
      CHECK(cause.pid() == worker);
      if (kind.news_delay == 0s)
        CHECK(cause.worker_name() == name);
      else
        CHECK((contains(cause.worker_name(), name + " on ") && contains(cause.worker_name(), " (rank ")));
      CHECK(contains(cause.type_name(), "out_of_range"));
      CHECK(cause.message() == "some text");
      CHECK_FALSE(cause.task().empty());
      CHECK(contains(cause.what(), "some text"));
      CHECK(contains(cause.what(), std::to_string(worker)));
    }
  }
}

EACH_PROCESS_POOL("P7 worker: when it exits the message names the exit status, the worker and what it ran") {
  auto pool = kind.pool(1);
  const auto [name, worker] = pool.submit(own_info).result();
  const std::string text = support::message_of<cf::BrokenProcessPool>([&] { pool.submit(leave, 99).result(); });
  CHECK(contains(text, "exited with status 99"));
  CHECK(contains(text, std::to_string(worker)));
  CHECK(contains(text, name));
  CHECK(contains(text, "while it ran"));
  CHECK(contains(text, "(int)"));  // leave(int)
}

EACH_PROCESS_POOL("P8 worker: it frees a task's arguments right after the task") {
  auto pool = kind.pool(1);
  Counted argument;
  argument.alive = support::Counter::make();
  argument.home = ::getpid();
  CHECK(pool.submit([](const Counted& it) { return it.alive.value(); }, argument).result() >= 1);
  CHECK(support::eventually([&] { return argument.alive.value() == 0; }, 5s));
}

EACH_PROCESS_POOL("P9 submit: 75 blocked tasks on five workers make exactly five processes") {
  auto pool = kind.pool(5);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 75; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  started.wait_until(5);
  CHECK(pool.processes().size() == 5);
  CHECK(started.value() == 5);
  gate.open();
  for (int i = 0; i < 75; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == i);
  CHECK(pool.processes().size() == 5);
}

EACH_PROCESS_POOL("P10 submit: three one after the other use one process") {
  auto pool = kind.pool(4);
  CHECK(pool.submit(multiply, 21, 2).result() == 42);
  CHECK(pool.submit(multiply, 6, 7).result() == 42);
  CHECK(pool.submit(multiply, 3, 14).result() == 42);
  CHECK(pool.processes().size() == 1);
}

EACH_PROCESS_POOL("P11 submit: some awaited and some not use at most as many processes as ran at once") {
  auto pool = kind.pool(5);
  pool.submit(multiply, 12, 7).result();
  pool.submit(multiply, 33, 25);
  pool.submit(multiply, 25, 26).result();
  pool.submit(multiply, 18, 29);
  pool.submit(multiply, 1, 2).result();
  pool.submit(multiply, 0, 9);
  CHECK(pool.processes().size() <= 3);
  CHECK_FALSE(pool.processes().empty());
}

EACH_PROCESS_POOL("X9 submit: many one after the other use exactly one process") {
  auto pool = kind.pool(4);
  std::set<pid_t> workers;
  for (int i = 0; i < 500; ++i) workers.insert(pool.submit(own_pid).result());
  CHECK(workers.size() == 1);
  CHECK(pool.processes().size() == 1);
}

EACH_PROCESS_POOL("A3 cancel: a call in the call queue can be cancelled and a call that runs cannot") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto first = pool.submit(started_then_wait, started, gate, 1);
  started.wait_until(1);
  CHECK(support::eventually([&] { return first.running(); }, kind.news_delay));
  CHECK_FALSE(first.cancel());
  std::vector<cf::Future<int>> queued;  // two in the call queue, the others in the caller's process
  for (int i = 0; i < 5; ++i) queued.push_back(pool.submit(started_then_wait, started, gate, i));
  auto last = pool.submit(multiply, 6, 7);
  for (auto& future : queued) {
    CHECK_FALSE(future.running());
    CHECK(future.cancel());
    CHECK(future.cancelled());
  }
  gate.open();
  CHECK(first.result() == 1);
  CHECK(last.result() == 42);
  CHECK(started.value() == 1);
}

EACH_PROCESS_POOL("A6 submit: what the caller changes later never reaches the worker") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto blocker = pool.submit(started_then_wait, started, gate, 0);
  auto value = std::make_shared<std::string>("before");
  std::vector<cf::Future<std::string>> futures;
  for (int i = 0; i < 5; ++i)
    futures.push_back(pool.submit([](std::shared_ptr<std::string> text) { return *text; }, value));
  *value = "after";
  gate.open();
  for (auto& future : futures) CHECK(future.result() == "before");
  CHECK(blocker.result() == 0);
}
