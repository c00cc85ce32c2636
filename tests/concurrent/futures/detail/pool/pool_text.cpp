// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/pool/pool_text.hpp>

#include <fmt/core.h>

#include <concurrent/futures.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

using support::wait_for;

namespace {

using support::Gate;
using support::LeakChecked;

int add_one(int n) { return n + 1; }
int end_process() { std::_Exit(3); }

struct OwnSerializer {
  template <class T>
  static void dump(pickle::Writer& writer, const T& value) {
    pickle::Pickle::dump(writer, value);
  }
  template <class T>
  static T load(pickle::Reader& reader) {
    return pickle::Pickle::load<T>(reader);
  }
};

template <class Pool>
std::string text_of(const Pool& pool) {
  return fmt::format("{}", pool);
}
const std::string process_pool = "ProcessPoolExecutor: ";
const std::string thread_pool = "ThreadPoolExecutor: ";

}  // namespace

EACH_EXECUTOR("format: an executor tells its workers, what is queued and what is done") {
  const std::string name = Kind::is_process ? process_pool : thread_pool;
  const Gate gate = Gate::make();
  const Gate started = Gate::make();
  auto pool = kind.pool(1);
  CHECK(text_of(pool) == name + "0 workers (0 busy), 0 queued, 0 done");
  CHECK(pool.submit(add_one, 1).result() == 2);
  CHECK(pool.submit(add_one, 2).result() == 3);
  CHECK(text_of(pool) == name + "1 worker (0 busy), 0 queued, 2 done");
  auto blocked = pool.submit(wait_for, started, gate);
  started.wait();
  std::vector<cf::Future<int>> rest;
  for (int i = 0; i < 5; ++i) rest.push_back(pool.submit(add_one, i));
  CHECK(text_of(pool) == name + "1 worker (1 busy), 5 queued, 2 done");
  CHECK(rest[3].cancel());
  CHECK(text_of(pool) == name + "1 worker (1 busy), 4 queued, 3 done");
  pool.shutdown(false);
  CHECK(text_of(pool) == name + "shutting down, 1 worker (1 busy), 4 queued, 3 done");
  gate.open();
  pool.shutdown();
  CHECK(text_of(pool) == name + "shut down, 8 done");
}

TEST_CASE_METHOD(LeakChecked, "format: with two workers at work, both are busy") {
  const Gate gate = Gate::make();
  const Gate first = Gate::make();
  const Gate second = Gate::make();
  cf::ProcessPoolExecutor pool(2);
  const auto one = pool.submit(wait_for, first, gate);
  const auto two = pool.submit(wait_for, second, gate);
  first.wait();
  second.wait();
  CHECK(text_of(pool) == process_pool + "2 workers (2 busy), 0 queued, 0 done");
  gate.open();
}

TEST_CASE_METHOD(LeakChecked, "format: workers whose results nobody has taken yet are not busy") {
  const Gate begun[] = {Gate::make(), Gate::make(), Gate::make()};
  const Gate first = Gate::make();
  const Gate others = Gate::make();
  const Gate called = Gate::make();
  const Gate go_on = Gate::make();
  cf::ProcessPoolExecutor pool(3);
  std::vector<cf::Future<int>> tasks;
  for (const Gate& one : begun) tasks.push_back(pool.submit(wait_for, one, tasks.empty() ? first : others));
  for (const Gate& one : begun) one.wait();
  tasks[0].add_done_callback([&](const cf::Future<int>&) {  // in the thread that takes results
    called.open();
    go_on.wait();
  });
  first.open();
  called.wait();
  CHECK(text_of(pool) == process_pool + "3 workers (2 busy), 0 queued, 1 done");
  others.open();
  CHECK(support::eventually([&] { return text_of(pool) == process_pool + "3 workers (0 busy), 0 queued, 3 done"; }));
  CHECK_FALSE(tasks[1].done());
  go_on.open();
}

TEST_CASE_METHOD(LeakChecked, "format: a broken pool says so") {
  cf::ProcessPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.submit(end_process).result(), cf::BrokenProcessPool);
  CHECK(text_of(pool) == process_pool + "broken, 1 done");
  cf::ThreadPoolExecutor threads({.max_workers = 1, .initializer = cf::Initializer{[] { throw 1; }}});
  CHECK_THROWS_AS(threads.submit(add_one, 1).result(), cf::BrokenThreadPool);
  CHECK(text_of(threads) == thread_pool + "broken, 1 done");
}

TEST_CASE_METHOD(LeakChecked, "format: a pool with a serializer of its own is named with it") {
  const cf::BasicProcessPoolExecutor<OwnSerializer> pool(1);
  CHECK(support::contains(text_of(pool), "BasicProcessPoolExecutor<"));
  CHECK(support::contains(text_of(pool), "OwnSerializer>: 0 workers (0 busy), 0 queued, 0 done"));
}

TEST_CASE_METHOD(LeakChecked, "format: in a fork, an executor says whose it is") {
  const cf::ProcessPoolExecutor pool(1);
  const std::string expected =
      process_pool + "belongs to process " + std::to_string(::getpid()) + ", of which this one is a fork";
  const pid_t child = support::fork_child([&] { return text_of(pool) == expected ? 0 : 1; });
  CHECK(support::wait_status(child) == 0);
}
