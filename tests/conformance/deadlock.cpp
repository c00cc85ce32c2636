// SPDX-License-Identifier: BSL-1.0
// Rows D1 to D12, A5 and A11: whatever goes wrong, wherever on a task's way, nothing hangs and nothing else is lost.
// The cases are the product of faults and places, made at start-up.
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/tasks.hpp"
#include "conformance/trap.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using support::contains;

namespace {

/// The trap's own error reaches its future, and the same worker takes the next call.
void fails_alone(const support::ProcessKind& kind, Place place, Fault fault) {
  auto pool = kind.pool(1);
  const pid_t worker = pool.submit(own_pid).result();
  const Trap trap = Trap::make(place, fault);
  auto future = pool.submit(spring, trap);
  auto next = pool.submit(own_pid);
  const auto error = future.exception(30s);
  REQUIRE(error != nullptr);
  CHECK(trap.reached.is_open());
  if (fault == Fault::throws) CHECK(contains(support::text_of(error), "the trap has sprung"));
  CHECK(next.result(30s) == worker);
  CHECK(pool.submit(multiply, 6, 7).result(30s) == 42);
}

/// The worker ends: every unfinished future tells how, and shutdown works.
void breaks_the_pool(const support::ProcessKind& kind, Place place, Fault fault, std::string_view how) {
  auto pool = kind.pool(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  CHECK(pool.submit(multiply, 6, 7).result() == 42);
  auto bystander = pool.submit(started_then_wait, started, gate, 0);
  started.wait_until(1);
  const Trap trap = Trap::make(place, fault);
  auto future = pool.submit(spring, trap);
  for (auto text : {support::message_of<cf::BrokenProcessPool>([&] { future.result(30s); }),
                    support::message_of<cf::BrokenProcessPool>([&] { bystander.result(30s); }),
                    support::message_of<cf::BrokenProcessPool>([&] { pool.submit(multiply, 1, 1); })}) {
    CHECK(contains(text, how));
    CHECK(contains(text, "Trap"));  // what it ran: spring(Trap)
  }
  CHECK(trap.reached.is_open());
  pool.shutdown();
}

/// A worker hangs: the others go on, and killing the workers ends it.
void hangs_in_worker(const support::ProcessKind& kind, Place place) {
  auto pool = kind.pool(2);
  const Trap trap = Trap::make(place, Fault::hangs);
  auto hung = pool.submit(spring, trap);
  REQUIRE(trap.reached.opens_within(30s));
  std::vector<cf::Future<int>> others;
  for (int i = 0; i < 20; ++i) others.push_back(pool.submit(multiply, i, 2));
  for (int i = 0; i < 20; ++i) CHECK(others[static_cast<std::size_t>(i)].result(30s) == 2 * i);
  CHECK_FALSE(hung.done());
  pool.kill_workers();
  CHECK_THROWS_AS(hung.result(10s), cf::BrokenProcessPool);
  pool.shutdown();
}

/// The user's own code hangs in the caller: nobody else is held up, and when it goes on all is well.
void hangs_in_caller(const support::ProcessKind& kind, Place place) {
  auto pool = kind.pool(2);
  CHECK(pool.submit(multiply, 6, 7).result() == 42);
  const Trap trap = Trap::make(place, Fault::hangs);
  bool returned = false;
  std::thread caller([&] {
    try {
      pool.submit(spring, trap).result();
      returned = true;
    } catch (const std::exception&) {
    }
  });
  CHECK(trap.reached.opens_within(30s));
  auto other = pool.submit(multiply, 2, 3);  // is not blocked by it
  if (place == Place::pickle_argument) CHECK(other.result(30s) == 6);
  trap.release.open();
  caller.join();
  CHECK(returned);
  CHECK(other.result(30s) == 6);
}

/// The caller itself ends: its workers end with it.
void ends_the_caller(const support::ProcessKind& kind, Place place, Fault fault) {
  const auto worker = support::Word::make();
  const pid_t caller = support::fork_child([&] {
    auto pool = kind.pool(1);
    worker.set(static_cast<std::uint32_t>(pool.submit(own_pid).result()));
    pool.submit(spring, Trap::make(place, fault)).result();
    return 0;
  });
  const int status = support::wait_status(caller);
  if (fault == Fault::exits) CHECK((WIFEXITED(status) && WEXITSTATUS(status) == exit_status));
  if (fault == Fault::crashes) CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
  REQUIRE(worker.get() != 0);
  CHECK(support::eventually([&] { return !support::alive(static_cast<pid_t>(worker.get().load())); }, 1s));
}

void run_case(const support::ProcessKind& kind, Place place, Fault fault) {
  const bool in_caller = place == Place::pickle_argument || place == Place::unpickle_result;
  if (fault == Fault::throws || fault == Fault::throws_int) return fails_alone(kind, place, fault);
  if (fault == Fault::hangs) return in_caller ? hangs_in_caller(kind, place) : hangs_in_worker(kind, place);
  if (in_caller) return ends_the_caller(kind, place, fault);
  breaks_the_pool(kind, place, fault, fault == Fault::exits ? "exited with status 3" : "SIGSEGV");
}

struct Row {
  Fault fault;
  Place place;
  std::string_view ids;
};

constexpr std::array<std::string_view, 5> fault_names{"throws", "exits", "crashes", "hangs", "throws an int"};
constexpr std::array<std::string_view, 5> place_names{"pickle argument", "unpickle argument", "run", "pickle result",
                                                      "unpickle result"};

/// Which cells of the matrix CPython's rows are.
constexpr std::array rows{
    Row{Fault::throws, Place::pickle_argument, "D1"},
    Row{Fault::exits, Place::unpickle_argument, "D2"},
    Row{Fault::throws, Place::unpickle_argument, "D3 A5"},
    Row{Fault::crashes, Place::unpickle_argument, "D4"},
    Row{Fault::crashes, Place::run, "D5"},
    Row{Fault::exits, Place::run, "D6 A11"},
    Row{Fault::throws, Place::run, "D7"},
    Row{Fault::crashes, Place::pickle_result, "D8"},
    Row{Fault::exits, Place::pickle_result, "D9 A11"},
    Row{Fault::throws, Place::pickle_result, "D10"},
    Row{Fault::throws, Place::unpickle_result, "D11 A5"},
    Row{Fault::throws_int, Place::unpickle_result, "D12"},
};

const bool registered = [] {
  for (std::size_t fault = 0; fault < fault_names.size(); ++fault) {
    for (std::size_t place = 0; place < place_names.size(); ++place) {
      std::string name = "D";
      for (const Row& row : rows) {
        if (static_cast<std::size_t>(row.fault) == fault && static_cast<std::size_t>(row.place) == place)
          name = std::string(row.ids);
      }
      name += " deadlock: " + std::string(fault_names[fault]) + " at " + std::string(place_names[place]);
      const support::RegisterForProcesses test(
          [fault, place](const support::ProcessKind& kind) {
            run_case(kind, static_cast<Place>(place), static_cast<Fault>(fault));
          },
          __FILE__, __LINE__, name);
    }
  }
  return true;
}();

}  // namespace
