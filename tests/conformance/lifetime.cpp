// SPDX-License-Identifier: BSL-1.0
// Rows X7, X8, X14, X15: the caller's end, signals, forks and calls from where they should not come.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/run_program.hpp"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

int sum_for_ever(support::Counter started) {
  started.add();
  volatile int sum = 0;
  for (;;) sum = sum + 1;
}

/// A caller with a pool, made and used by a thread that has ended, is killed. All below it must go.
void kill_caller(const support::ProcessKind& kind, bool busy, bool holder) {
  const auto ready = support::Gate::make();
  const auto files = support::names_in("/dev/shm");
  const pid_t caller = support::fork_child([&] {
    using Pool = decltype(kind.pool());
    std::unique_ptr<Pool> pool;
    const auto started = support::Counter::make();
    std::thread([&] {
      pool = std::unique_ptr<Pool>(new Pool(kind.pool(2)));  // not make_unique: some pools cannot be moved
      pool->submit(multiply, 1, 1).result();
      if (busy) {
        for (int i = 0; i < 2; ++i) pool->submit(sum_for_ever, started);
        started.wait_until(2);
      }
    }).join();
    if (holder && ::fork() == 0) {  // a child of the user's own, which holds every descriptor open
      ready.open();
      for (;;) ::pause();
    }
    if (!holder) ready.open();
    for (;;) ::pause();
    return 0;
  });
  REQUIRE(ready.opens_within(30s));
  auto below = support::descendants(caller);
  CHECK(support::count_alive(below) >= (holder ? 3U : 2U));
  ::kill(caller, SIGKILL);
  ::waitpid(caller, nullptr, 0);
  CHECK(support::eventually([&] { return support::count_alive(below) <= (holder ? 1U : 0U); }, 1s));
  for (const std::string& file : support::files_of_nobody_else(files, below)) {
    CAPTURE(file);
    CHECK(std::binary_search(files.begin(), files.end(), file));
  }
  for (const pid_t process : below) {
    if (support::alive(process)) ::kill(process, SIGKILL);
  }
}

}  // namespace

EACH_PROCESS_POOL("X7 caller: killed while idle, none of its processes is left a second later") {
  kill_caller(kind, false, false);
}

EACH_PROCESS_POOL("X7 caller: killed while its workers compute, none of its processes is left a second later") {
  kill_caller(kind, true, false);
}

EACH_PROCESS_POOL("X7 caller: killed while a child of its own holds its descriptors, its workers end all the same") {
  kill_caller(kind, true, true);
}

EACH_PROCESS_POOL("X8 SIGINT: to the whole process group, idle and busy, workers ignore it and the caller decides") {
  const pid_t caller = support::fork_child([&] {
    ::setpgid(0, 0);
    ::signal(SIGINT, [](int) {});  // the caller decides to go on
    auto pool = kind.pool(1);
    const pid_t worker = pool.submit(own_pid).result();
    ::kill(0, SIGINT);  // idle
    if (pool.submit(own_pid).result(10s) != worker) return 1;
    const auto started = support::Counter::make();
    const auto gate = support::Gate::make();
    auto busy = pool.submit(started_then_wait, started, gate, 42);
    started.wait_until(1);
    ::kill(0, SIGINT);
    gate.open();
    if (busy.result(10s) != 42) return 2;
    return pool.statistics().workers_lost == 0 ? 0 : 3;
  });
  const int status = support::wait_status(caller);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

namespace {

cf::ProcessPoolExecutor* own_pool = nullptr;

/// What a call on the pool that runs this task says.
std::string submit_to_own_pool() {
  if (own_pool == nullptr) return "no pool here";
  try {
    own_pool->submit(multiply, 6, 7).result();
    return "no error";
  } catch (const cf::RuntimeError& error) {
    return std::string("RuntimeError: ") + error.what();
  }
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "X14 submit: from inside a worker of the same pool it is an error and no hang") {
  alignas(cf::ProcessPoolExecutor) static std::byte place[sizeof(cf::ProcessPoolExecutor)];
  own_pool = reinterpret_cast<cf::ProcessPoolExecutor*>(place);  // known before the workers' memory is taken
  ::new (place) cf::ProcessPoolExecutor(1);
  CHECK(support::contains(own_pool->submit(submit_to_own_pool).result(30s),
                          "RuntimeError: concurrent::futures: a task may not use the pool that runs it"));
  own_pool->~BasicProcessPoolExecutor();
  own_pool = nullptr;
}

EACH_PROCESS_POOL("X14 submit: a pool that a worker makes for itself may be used there") {
  auto pool = kind.pool(1);
  const int result = pool.submit(
                             [](std::string method) {
                               cf::ProcessPoolOptions options;
                               options.max_workers = 1;
                               options.mp_context = mp::get_context(method);
                               cf::ProcessPoolExecutor inner(options);
                               return inner.submit(multiply, 6, 7).result();
                             },
                             kind.name)
                         .result(30s);
  CHECK(result == 42);
}

EACH_PROCESS_POOL("X15 exec: a program started while the pool lives inherits none of its descriptors") {
  const auto descriptors = [] {
    auto ran = support::run_program({"/bin/sh", "-c", "ls /proc/self/fd | wc -l"});
    return ran.out;
  };
  const std::string before = descriptors();
  auto pool = kind.pool(2);
  CHECK(pool.submit(multiply, 1, 1).result() == 1);
  CHECK(descriptors() == before);
  // And the worker's own programs neither. A fresh image has not even what this program was started with.
  CHECK(pool.submit(
                [](std::string expected) {
                  return std::stoi(support::run_program({"/bin/sh", "-c", "ls /proc/self/fd | wc -l"}).out) <=
                         std::stoi(expected);
                },
                before)
            .result(30s));
}

EACH_PROCESS_POOL(
    "X15 fork: a child of the user's own neither uses nor harms the pool, whose lock it may not inherit") {
  auto pool = kind.pool(2);
  const auto stop = support::Gate::make();
  std::thread submitter([&] {
    while (!stop.is_open()) pool.submit(multiply, 1, 1).result();
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = support::fork_child([&] {
      try {
        pool.submit(multiply, 6, 7);
        return 1;
      } catch (const cf::RuntimeError&) {
        return 0;
      }
    });
    const int status = support::wait_status(child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  stop.open();
  submitter.join();
  CHECK(pool.submit(multiply, 6, 7).result() == 42);
}
