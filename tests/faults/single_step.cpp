// SPDX-License-Identifier: BSL-1.0
// The complete crash test of the protocol. One worker is stepped, instruction by instruction, through dequeue, claim,
// run and publish, and killed after instruction n, for every n; each time the caller's recovery is checked. Then the
// caller itself, through submit and the reading of the result: whatever it had done, no process of its pool is left.
//
// The default run strides, so that it takes seconds; "[long]" takes every instruction.
#include "faults/in_child.hpp"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cstdio>

#include "support/single_step.hpp"

using namespace faults;
using support::may_trace;
using support::OneProcessor;
using support::wait_stop;

namespace {

/// From here the worker goes on alone, one instruction at a time, at the most `most` of them, until it passes the point
/// that the table names. Then it is killed.
support::Steps step_and_kill(pid_t pid, std::size_t most, support::Landmarks& landmarks) {
  Table& table = Table::get();
  const support::Steps steps =
      support::take_steps(pid, most, landmarks, [&] { return table.hits.load(std::memory_order_relaxed) != 0; });
  support::kill_traced(pid, pid);
  return steps;
}

std::uint64_t nothing(std::uint64_t id) { return key_of(id); }
std::string two_kilobytes(std::uint64_t id) { return std::to_string(key_of(id)) + std::string(2000, 'k'); }
std::string expected_of(const std::string&, std::uint64_t id) { return two_kilobytes(id); }
std::uint64_t expected_of(std::uint64_t, std::uint64_t id) { return key_of(id); }

struct Counts {
  std::size_t instructions = 0;
  std::size_t kills = 0;
  std::size_t values = 0;
  std::size_t deaths = 0;
};

/// For every n (or every stride-th): a worker dies after n instructions of one task's way.
template <class Task>
void kill_after_each(const Policy& policy, Task task, std::size_t stride, const char* what) {
  if (!may_trace()) return skip("ptrace is not permitted");
  support::CapturedLog log;
  const OneProcessor together;
  Counts counts;
  auto options = policy.options(1);
  std::optional<cf::ProcessPoolExecutor> pool;
  std::uint64_t id = 0;
  support::Landmarks landmarks;
  const auto one_life = [&](std::size_t most) {
    if (!pool) pool.emplace(options);
    // Held where it is about to look for a call; then there is one, and no other.
    std::optional<At> hold_it;
    hold_it.emplace("worker.before_claim", Do::hold, 1);
    pool->warm_up(1);
    hold_it->sprung(50ms);  // or it sleeps already, or starts slowly: then the task itself brings it there
    auto future = pool->submit(task, ++id);
    REQUIRE(hold_it->sprung());
    const pid_t worker = hold_it->victim();
    REQUIRE(::ptrace(PTRACE_ATTACH, worker, nullptr, nullptr) == 0);
    REQUIRE(wait_stop(worker));
    hold_it.reset();  // it may go
    Table& table = Table::get();
    table.hits = 0;
    table.hit = 1;
    table.action = static_cast<std::uint32_t>(Do::nothing);
    table.order("worker.notified");
    const support::Steps steps = step_and_kill(worker, most, landmarks);
    table.ordered = 0;
    ++counts.kills;
    try {
      const auto value = future.result(20s * busy());
      if (value == expected_of(value, id)) {
        ++counts.values;
      } else {
        FAIL_CHECK("another's value after " << steps.taken << " instructions of " << what);
      }
    } catch (const cf::TimeoutError&) {
      FAIL_CHECK("hung after " << steps.taken << " instructions of " << what);
      pool->kill_workers();
      pool.reset();
    } catch (const cf::WorkerDied&) {
      ++counts.deaths;
    } catch (const cf::BrokenProcessPool&) {
      ++counts.deaths;
      CHECK(policy.breaks());
    }
    if (pool && policy.breaks()) {
      CHECK(pool->shutdown_for(10s * busy()));
      pool.reset();
    } else if (pool) {
      CHECK(pool->submit(nothing, id).result(20s * busy()) == key_of(id));
    }
    return steps;
  };
  counts.instructions = one_life(100'000).taken;
  for (std::size_t n = 0; n < counts.instructions;) {
    if (!one_life(n).missed) n += stride;
  }
  if (pool) CHECK(pool->shutdown_for(20s * busy()));
  CHECK(counts.values + counts.deaths == counts.kills);
  CHECK(counts.values > 0);
  std::printf("single step (%s), %s: %zu instructions, killed after each %zu: %zu kills, %zu values, %zu deaths\n",
              policy.name.c_str(), what, counts.instructions, stride, counts.kills, counts.values, counts.deaths);
}

/// The caller is stepped through submit and result, and killed after n instructions.
void kill_caller_after_each(const Policy& policy, std::size_t stride, std::size_t most) {
  if (!may_trace()) return skip("ptrace is not permitted");
  const OneProcessor together;
  std::size_t kills = 0;
  std::size_t instructions = 0;
  for (std::size_t n = 0; n < most; n += stride) {
    const auto words = support::Word::make_array(4);
    const At hold_it("caller.submit", Do::hold, 2);
    const pid_t child = support::fork_child([&] {
      ::alarm(60);
      cf::set_log_handler([](cf::LogLevel, std::string_view) {});
      cf::ProcessPoolExecutor pool(policy.options(1));
      const Family first = pool.submit(family).result(20s);
      words.at(0).set(static_cast<std::uint32_t>(first.worker));
      words.at(1).set(static_cast<std::uint32_t>(first.zygote));
      pool.submit(two_kilobytes, std::uint64_t{1}).result(20s);
      words.at(2).set(1);
      return 0;
    });
    REQUIRE(hold_it.sprung());
    REQUIRE(::ptrace(PTRACE_ATTACH, child, nullptr, nullptr) == 0);
    REQUIRE(wait_stop(child));
    hold_it.release();
    std::size_t steps = 0;
    bool ended = false;
    while (steps < n && !ended) {
      if (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 || !wait_stop(child)) break;
      ++steps;
      ended = words.at(2).get().load(std::memory_order_relaxed) != 0;
    }
    support::kill_traced(child, child);
    ++kills;
    instructions = std::max(instructions, steps);
    for (const std::uint32_t i : {0U, 1U}) {
      const auto pid = static_cast<pid_t>(words.at(i).get().load());
      if (!eventually([&] { return !support::alive(pid); }, 1s * busy()))
        FAIL_CHECK("process " << pid << " outlives a caller killed after " << steps << " instructions");
    }
    if (ended) break;
  }
  std::printf("single step (%s), caller: %zu instructions, killed after each %zu: %zu kills\n", policy.name.c_str(),
              instructions, stride, kills);
}

}  // namespace

EACH_POLICY("fault 5: single step: a worker is killed after every so many instructions of an empty task") {
  kill_after_each(policy, nothing, slowness != 1 ? 1997 : policy.breaks() ? 997 : 197, "an empty task");
}
EACH_POLICY("fault 9: single step: a worker is killed after every so many instructions of a task with a large result") {
  kill_after_each(policy, two_kilobytes,
                  slowness != 1     ? 7993
                  : policy.breaks() ? 997
                                    : 397,
                  "a task with 2 KB of result");
}
EACH_POLICY("fault 52: single step: a caller is killed after every so many instructions of submit and result") {
  kill_caller_after_each(policy, slowness == 1 ? 397 : 1997, 8000);
}

TEST_CASE("fault 5: single step: a worker is killed after each instruction of an empty task (fail_task)", "[long]") {
  kill_after_each(policies()[1], nothing, 1, "an empty task");
}
TEST_CASE("fault 9: single step: a worker is killed after each instruction of a task with a large result (fail_task)",
          "[long]") {
  kill_after_each(policies()[1], two_kilobytes, 1, "a task with 2 KB of result");
}
TEST_CASE("fault 52: single step: a caller is killed after each instruction of submit and result (fail_task)",
          "[long]") {
  kill_caller_after_each(policies()[1], 1, 20'000);
}
