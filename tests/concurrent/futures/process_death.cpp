// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: workers that die, and callers that do.
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"
#include "support/tasks.hpp"

using namespace std::chrono_literals;
using support::contains;
using support::hold;
using support::message_of;
using support::own_pid;

namespace {

int raise_signal(int number) {
  ::signal(number, SIG_DFL);
  ::raise(number);
  return 0;
}
int exit_with(int status) { std::exit(status); }
int leave_with(int status) { ::_exit(status); }
void throw_error() { throw std::runtime_error("out of noexcept"); }
int throw_from_noexcept() {
  ::signal(SIGABRT, SIG_DFL);
  []() noexcept { throw_error(); }();
  return 0;
}
int overflow_stack(int n) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(n);
  return n == 0 ? 0 : overflow_stack(n + 1) + frame[0];
}

/// What the pool says when `task` ends its worker.
template <class... Call>
std::string last_words(const support::ProcessKind& kind, Call... call) {
  support::CapturedLog log;
  auto pool = kind.pool(1);
  const auto [name, worker] = pool.submit(mp::current_process).result();
  const std::string text = message_of<cf::BrokenProcessPool>([&] { pool.submit(call...).result(30s); });
  CHECK(contains(text, "concurrent::futures: "));
  CHECK(contains(text, std::to_string(worker)));
  CHECK(contains(text, name));
  CHECK(contains(text, "while it ran"));
  CHECK(message_of<cf::BrokenProcessPool>([&] { pool.submit(own_pid); }) ==
        text + " Make a new executor for more work.");
  CHECK(log.comes_to_say(std::to_string(worker)));
  CHECK(pool.statistics().workers_lost == 1);
  return text;
}

}  // namespace

EACH_PROCESS_POOL("BrokenProcessPool: it names the signal that killed the worker and what it was running") {
  for (const auto& [number, name] : {std::pair{SIGSEGV, "SIGSEGV"}, std::pair{SIGKILL, "SIGKILL"},
                                     std::pair{SIGABRT, "SIGABRT"}, std::pair{SIGFPE, "SIGFPE"}}) {
    const std::string text = last_words(kind, raise_signal, number);
    CHECK(contains(text, std::string("killed by ") + name));
    CHECK(contains(text, "(int)"));  // raise_signal(int)
  }
}

EACH_PROCESS_POOL("BrokenProcessPool: it names the exit status, zero included") {
  for (const int status : {0, 3, 255}) {
    CHECK(contains(last_words(kind, exit_with, status), "exited with status " + std::to_string(status)));
    CHECK(contains(last_words(kind, leave_with, status), "exited with status " + std::to_string(status)));
  }
}

EACH_PROCESS_POOL("BrokenProcessPool: std::terminate is SIGABRT, a stack overflow is SIGSEGV") {
  CHECK(contains(last_words(kind, throw_from_noexcept), "SIGABRT"));
  if (support::slowness == 1) CHECK(contains(last_words(kind, overflow_stack, 1), "SIGSEGV"));
}

EACH_PROCESS_POOL("exit in a task: the exit handlers of the caller do not run in the worker") {
  static support::Counter ran;
  ran = support::Counter::make();
  static const bool registered = [] {
    std::atexit([] {
      if (ran.word.owner != 0 && ::getpid() != ran.word.owner) ran.add();
    });
    return true;
  }();
  CHECK(registered);
  auto pool = kind.pool(1);
  CHECK_THROWS_AS(pool.submit(exit_with, 0).result(30s), cf::BrokenProcessPool);
  pool.shutdown();
  CHECK(ran.value() == 0);
  ran = {};
}

EACH_PROCESS_POOL("BrokenProcessPool: a worker that dies while idle breaks the pool for the next call") {
  auto pool = kind.pool(1);
  const pid_t worker = pool.submit(own_pid).result();
  ::kill(worker, SIGKILL);
  CHECK(support::eventually(
      [&] {
        try {
          pool.submit(own_pid).result(10s);
          return false;
        } catch (const cf::BrokenProcessPool& error) {
          return contains(error.what(), "SIGKILL");
        }
      },
      10s));
  CHECK(pool.processes().empty());
}

EACH_PROCESS_POOL("BrokenProcessPool: every unfinished future fails, what was finished stays, the rest are stopped") {
  auto pool = kind.pool(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto finished = pool.submit(own_pid);
  finished.result();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(hold, started, gate, i));
  started.wait_until(2);
  const auto workers = pool.processes();
  const auto start = support::Clock::now();
  ::kill(workers.at(0), SIGKILL);
  for (auto& future : futures) CHECK_THROWS_AS(future.result(10s), cf::BrokenProcessPool);
  CHECK(support::Clock::now() - start < 1s * support::slowness);
  CHECK_NOTHROW(finished.result());
  CHECK(support::eventually([&] { return support::count_alive(workers) == 0; }, 5s));
  CHECK(support::eventually([&] { return pool.processes().empty(); }, 5s));
  CHECK_NOTHROW(pool.shutdown());
}

namespace {

/// 300 MB of result, of which the second half is pickled only when the gate opens.
struct Huge {
  support::Gate half;
  support::Gate go;
  pid_t home = 0;
  template <class Archive>
  void save(Archive& ar) const {
    ar(half, go, home);
    if (::getpid() == home) return;
    std::vector<char> bytes(150'000'000 / support::slowness, 'h');
    ar(bytes);
    half.open();
    go.wait();
    ar(bytes);
  }
  template <class Archive>
  void load(Archive& ar) {
    ar(half, go, home);
    std::vector<char> bytes;
    if (::getpid() == home) ar(bytes, bytes);
  }
};

constexpr std::size_t large_size = 300'000'000 / support::slowness;
std::string large_result() { return std::string(large_size, 'r'); }

}  // namespace

EACH_PROCESS_POOL("worker: killed in the middle of a 300 MB result every future ends within a second") {
  auto pool = kind.pool(2);
  const Huge huge{support::Gate::make(), support::Gate::make(), ::getpid()};
  const auto started = support::Counter::make();
  auto victim = pool.submit([](Huge h) { return h; }, huge);
  auto other = pool.submit(hold, started, huge.go, 1);
  auto queued = pool.submit(hold, started, huge.go, 1);
  REQUIRE(huge.half.opens_within(30s));
  started.wait_until(1);
  const auto workers = pool.processes();
  const auto start = support::Clock::now();
  for (const pid_t worker : workers) ::kill(worker, SIGKILL);
  CHECK_THROWS_AS(victim.result(10s), cf::BrokenProcessPool);
  CHECK_THROWS_AS(other.result(10s), cf::BrokenProcessPool);
  CHECK_THROWS_AS(queued.result(10s), cf::BrokenProcessPool);
  CHECK(support::Clock::now() - start < 1s * support::slowness);
  auto next = kind.pool(1);
  CHECK(next.submit(own_pid).result() > 0);
}

EACH_PROCESS_POOL("worker: killed at random moments of a 300 MB result the future has a value or is broken") {
  for (const int delay : {20, 60, 100, 140}) {
    auto pool = kind.pool(1);
    const pid_t worker = pool.submit(own_pid).result();
    auto future = pool.submit(large_result);
    const auto end = support::Clock::now() + std::chrono::milliseconds(delay);
    std::thread killer([&] {
      std::this_thread::sleep_until(end);  // the moment itself is what is tried
      ::kill(worker, SIGKILL);
    });
    try {
      const std::size_t size = future.result(20s).size();
      CHECK(size == large_size);
    } catch (const cf::BrokenProcessPool& error) {
      CHECK(contains(error.what(), "SIGKILL"));
    }
    killer.join();
  }
}

EACH_PROCESS_POOL("initializer: a worker that dies in it breaks the pool, which says so") {
  support::CapturedLog log;
  auto pool = kind.pool(1, cf::Initializer{leave_with, 9});
  const std::string text = message_of<cf::BrokenProcessPool>([&] { pool.submit(own_pid).result(30s); });
  CHECK(contains(text, "exited with status 9"));
}

EACH_PROCESS_POOL("zygote: killed, the pool breaks and its workers end") {
  auto pool = kind.pool(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto future = pool.submit(hold, started, gate, 1);
  started.wait_until(1);
  const auto workers = pool.processes();
  REQUIRE(workers.size() == 1);
  ::kill(static_cast<pid_t>(std::stol(support::status_field(std::to_string(workers[0]), "PPid"))), SIGKILL);
  CHECK_THROWS_AS(future.result(10s), cf::BrokenProcessPool);
  CHECK(support::eventually([&] { return support::count_alive(workers) == 0; }, 5s));
  CHECK_THROWS_AS(pool.submit(own_pid), cf::BrokenProcessPool);
}
