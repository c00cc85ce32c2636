// SPDX-License-Identifier: BSL-1.0
// What a worker has of its own, and how it leaves: worker_local and the finalizer.
#include <concurrent/futures.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"

#include <unistd.h>

using namespace std::chrono_literals;
using support::contains;
using support::LeakChecked;

namespace {

/// Counts what was made and what was destroyed of it, once it knows where.
struct Connection {
  int uses = 0;
  std::optional<support::Counter> closed;

  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (closed) closed->add(1);
  }
};

int uses(support::Counter closed) {
  auto& connection = cf::worker_local<Connection>();
  connection.closed = closed;
  return ++connection.uses;
}
void leave_note(support::Counter finalized) { finalized.add(1); }
void leave_note_with_use(support::Counter finalized, int number) {
  if (cf::worker_local<Connection>().uses == number) finalized.add(1);
}
[[noreturn]] void throw_at_the_end() { throw std::out_of_range("no end"); }

struct ThrowsAtTheEnd {
  ~ThrowsAtTheEnd() noexcept(false) { throw std::domain_error("does not close"); }
};
void use_thrower() { cf::worker_local<ThrowsAtTheEnd>(); }

auto with_finalizer(const support::ThreadKind&, int workers, cf::Initializer finalizer) {
  return cf::ThreadPoolExecutor({.max_workers = workers, .finalizer = std::move(finalizer)});
}
auto with_finalizer(const support::ProcessKind& kind, int workers, cf::Initializer finalizer) {
  return kind.pool({.max_workers = workers, .finalizer = std::move(finalizer)});
}

}  // namespace

EACH_EXECUTOR("worker_local: one for each worker, which its tasks find as they left it") {
  const auto closed = support::Counter::make();
  {
    auto pool = kind.pool(1);
    for (int i = 1; i <= 5; ++i) CHECK(pool.submit(uses, closed).result() == i);
    CHECK(closed.value() == 0);
  }
  CHECK(closed.value() == 1);
  {
    auto pool = kind.pool(3);
    const auto begun = support::Counter::make();
    std::vector<cf::Future<int>> first;
    for (int i = 0; i < 3; ++i) {  // each waits for the others, so that it has a worker of its own
      first.push_back(pool.submit(
          [](support::Counter all, support::Counter destroyed) {
            all.add(1);
            all.wait_until(3);
            return uses(destroyed);
          },
          begun, closed));
    }
    for (const auto& future : first) CHECK(future.result() == 1);
  }
  CHECK(closed.value() == 4);
}

TEST_CASE_METHOD(LeakChecked, "worker_local: a worker has none of the program's") {
  cf::worker_local<int>() = 5;
  CHECK(cf::worker_local<int>() == 5);
  cf::ProcessPoolExecutor processes(1);
  cf::ThreadPoolExecutor threads(1);
  const auto own = [] { return cf::worker_local<int>(); };
  CHECK(processes.submit(own).result() == 0);
  CHECK(threads.submit(own).result() == 0);
  // One that a thread's task makes is the process's in the worker, too.
  CHECK(threads
            .submit([own] {
              cf::worker_local<int>() = 7;
              cf::ProcessPoolExecutor inner(1);
              return inner.submit(own).result();
            })
            .result() == 0);
}

EACH_EXECUTOR("finalizer: runs once in each worker when the pool is shut down, before its objects go") {
  const auto finalized = support::Counter::make();
  const auto closed = support::Counter::make();
  auto pool = with_finalizer(kind, 1, cf::Initializer(leave_note_with_use, finalized, 3));
  for (int i = 0; i < 3; ++i) pool.submit(uses, closed).result();
  CHECK(finalized.value() == 0);
  pool.shutdown();
  CHECK(finalized.value() == 1);
  CHECK(closed.value() == 1);
}

EACH_PROCESS_POOL("finalizer: runs in workers that are replaced, idle for too long, or too many") {
  const auto finalized = support::Counter::make();
  const cf::Initializer finalizer(leave_note, finalized);
  SECTION("max_tasks_per_child") {
    auto pool = kind.pool({.max_workers = 1, .max_tasks_per_child = 2, .finalizer = finalizer});
    for (int i = 0; i < 4; ++i) pool.submit([](int n) { return n; }, i).result();
    CHECK(finalized.reaches(2));
  }
  SECTION("idle_timeout") {
    auto pool = kind.pool({.max_workers = 1, .idle_timeout = 10ms, .finalizer = finalizer});
    pool.submit([] {}).result();
    CHECK(finalized.reaches(1));
    CHECK(pool.submit([] { return 4; }).result() == 4);
    CHECK(finalized.reaches(2));
  }
  SECTION("set_max_workers") {
    auto pool = kind.pool({.max_workers = 2, .finalizer = finalizer});
    pool.warm_up(2);
    pool.set_max_workers(1);
    CHECK(finalized.reaches(1));
  }
}

TEST_CASE_METHOD(LeakChecked, "finalizer: runs in threads that are too many") {
  const auto finalized = support::Counter::make();
  cf::ThreadPoolExecutor pool({.max_workers = 2, .finalizer = cf::Initializer(leave_note, finalized)});
  pool.warm_up(2);
  pool.set_max_workers(1);
  CHECK(finalized.reaches(1));
}

TEST_CASE_METHOD(LeakChecked, "finalizer: not in a worker that is killed") {
  const auto finalized = support::Counter::make();
  const auto closed = support::Counter::make();
  const auto begun = support::Counter::make();
  cf::ProcessPoolExecutor pool({.max_workers = 1, .finalizer = cf::Initializer(leave_note, finalized)});
  CHECK(pool.submit(uses, closed).result() == 1);
  const auto hangs = pool.submit(
      [](support::Counter runs) {
        runs.add(1);
        for (;;) ::pause();
      },
      begun);
  begun.wait_until(1);
  CHECK(hangs.terminate());
  CHECK(pool.submit([] { return 1; }).result() == 1);
  CHECK(finalized.value() == 0);
  CHECK(closed.value() == 0);
}

EACH_EXECUTOR("finalizer: what it or a destructor throws is logged here, and costs no call") {
  support::CapturedLog log;
  {
    auto pool = with_finalizer(kind, 1, cf::Initializer(throw_at_the_end));
    pool.submit(use_thrower).result();
    CHECK(pool.submit([] { return 6; }).result() == 6);
    pool.shutdown();
  }
  const std::string text = log.text();
  CHECK(contains(text, "the finalizer, or the destructor of a worker_local, threw in "));
  CHECK(contains(text, "no end"));
  CHECK(contains(text, "does not close"));
}

EACH_PROCESS_POOL("finalizer: a worker that ends in it is logged and counted, and costs no call and no pool") {
  const auto end = [](int signal) {
    if (signal == 0) std::_Exit(0);  // as if all were well
    ::raise(signal);
  };
  for (const int signal : {0, SIGKILL}) {
    CAPTURE(signal);
    support::CapturedLog log;
    auto pool = kind.pool({.max_workers = 1, .max_tasks_per_child = 1, .finalizer = cf::Initializer(end, signal)});
    for (int i = 0; i < 3; ++i) CHECK(pool.submit([](int n) { return n; }, i).result(support::patience) == i);
    pool.shutdown();
    CHECK(pool.statistics().workers_lost == 3);
    CHECK(contains(log.text(), "while it ran the finalizer, or the destructor of a worker_local"));
    CHECK(contains(log.text(), signal == 0 ? "exited with status 0" : "was killed by SIGKILL"));
  }
  const auto begun = support::Counter::make();  // one that the program kills has ended as it was told
  auto pool = kind.pool({.max_workers = 1,
                         .finalizer = cf::Initializer(
                             [](support::Counter runs) {
                               runs.add(1);
                               for (;;) ::pause();
                             },
                             begun)});
  pool.submit([] {}).result();
  pool.shutdown(false);
  begun.wait_until(1);
  pool.kill_workers();
  pool.shutdown();
  CHECK(pool.statistics().workers_lost == 0);
}

struct EndsAtTheEnd {
  ~EndsAtTheEnd() { ::raise(SIGKILL); }
};

EACH_PROCESS_POOL("worker_local: a worker that ends in a destructor is logged and counted") {
  support::CapturedLog log;
  auto pool = kind.pool(1);
  pool.submit([] { static_cast<void>(cf::worker_local<EndsAtTheEnd>()); }).result();
  pool.shutdown();
  CHECK(pool.statistics().workers_lost == 1);
  CHECK(contains(log.text(), "was killed by SIGKILL while it ran the finalizer, or the destructor of a worker_local"));
}

TEST_CASE_METHOD(LeakChecked, "finalizer: one that takes long holds up no call of a pool that goes on") {
  const auto finalized = support::Counter::make();
  const auto gate = support::Gate::make();
  cf::ProcessPoolExecutor pool({.max_workers = 1,
                                .idle_timeout = 5ms,
                                .finalizer = cf::Initializer(
                                    [](support::Counter begun, support::Gate open) {
                                      begun.add(1);
                                      open.wait();
                                    },
                                    finalized, gate)});
  pool.submit([] {}).result();
  finalized.wait_until(1);
  CHECK(pool.submit([] { return 4; }).result(support::patience) == 4);
  gate.open();
}
