// SPDX-License-Identifier: BSL-1.0
// A program that is held up with all its processes (Ctrl-Z and fg, a frozen container), and one that is busy: what time
// limits and the manager's other timers make of that.
#include "faults/in_child.hpp"

#include <sys/wait.h>

#include <thread>

using namespace faults;

namespace {

void sleep_for(std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); }

/// So much of time in which it runs: a stop takes at most one of its steps.
int work_in_steps(Counter started, int steps) {
  started.add();
  for (int i = 0; i < steps; ++i) sleep_for(10ms);
  return steps;
}

/// Runs `body` in a process group of its own, which is stopped for that long once `ready` has come.
void held_up(const std::function<void()>& body, const Counter& ready, std::uint32_t least,
             std::chrono::nanoseconds time) {
  const pid_t child = support::fork_child([&] {
    ::setpgid(0, 0);
    ::alarm(static_cast<unsigned>(60 * busy()));
    support::failed_checks() = 0;
    body();
    std::fflush(nullptr);
    return support::failed_checks() == 0 ? 0 : 1;
  });
  ready.wait_until(least);
  ::kill(-child, SIGSTOP);
  sleep_for(time);
  ::kill(-child, SIGCONT);
  CHECK(support::wait_status(child, 60 * busy() + 10) == 0);
}

void limits_do_not_count(const Policy& policy, std::chrono::nanoseconds time) {
  const auto started = Counter::make();
  held_up(
      [&] {
        Trial trial(policy);
        cf::TaskOptions limited;
        limited.timeout = 300ms;
        auto short_one = trial.submit(limited, work_in_steps, started, 10);
        auto other = trial.submit(limited, work_in_steps, started, 15);
        trial.value(short_one, 10);
        trial.value(other, 15);
        trial.finish();
        CHECK(trial.lost() == 0);
      },
      started, 2, time);
}

}  // namespace

EACH_POLICY(
    "fault 77: the whole program is stopped for a while: a running task has its time, and a grace of a second") {
  for (int i = 0; i < 3; ++i) limits_do_not_count(policy, 700ms);
}
EACH_POLICY("fault 77: the whole program is stopped, 500 times", "[long]") {
  for (int i = 0; i < 500; ++i) limits_do_not_count(policy, 600ms);
}

EACH_POLICY("fault 77: the whole program is stopped while a callback runs: the same") {
  const auto started = Counter::make();
  held_up(
      [&] {
        Trial trial(policy);
        cf::TaskOptions limited;
        limited.timeout = 400ms;
        const Gate added = Gate::make();  // first: of a call that is done it would run in this thread
        auto first = trial.submit(hold, Counter::make(), added, 1);
        first.add_done_callback([&](const auto&) {
          started.wait_until(1);
          started.add();
          for (int i = 0; i < 20; ++i) sleep_for(10ms);
        });
        added.open();
        auto limited_one = trial.submit(limited, work_in_steps, started, 25);
        trial.value(limited_one, 25);
        trial.finish();
        CHECK(trial.lost() == 0);
      },
      started, 2, 700ms);
}

EACH_POLICY("fault 77: a task that never ends is stopped all the same after its program was held up") {
  const auto started = Counter::make();
  held_up(
      [&] {
        Trial trial(policy);
        cf::TaskOptions limited;
        limited.timeout = 300ms;
        auto endless = trial.submit(limited, work_in_steps, started, 1'000'000);
        CHECK_THROWS_AS(endless.result(20s * busy()), cf::TaskTimeoutError);
        trial.finish();
      },
      started, 1, 700ms);
}

EACH_POLICY("fault 77: a callback that takes long is no hold-up: a task that is late by then has no grace") {
  Trial trial(policy);
  const auto started = Counter::make();
  cf::TaskOptions limited;
  limited.timeout = 200ms;
  auto endless = trial.submit(limited, work_in_steps, started, 1'000'000);
  started.wait_until(1);
  std::atomic<bool> called{false};
  support::Clock::time_point end{};
  const Gate added = Gate::make();  // before the call ends: the callback would run in this thread
  trial.submit(hold, Counter::make(), added, 1).add_done_callback([&](const auto&) {
    sleep_for(800ms);
    end = support::Clock::now();
    called = true;
  });
  added.open();
  CHECK_THROWS_AS(endless.result(20s * busy()), cf::TaskTimeoutError);
  const auto now = support::Clock::now();
  CHECK(called);
  if (busy() == 1) CHECK(now - end < 500ms);
  trial.finish();
}

EACH_POLICY("timers: a pool that is never quiet tries again after the system has refused a worker") {
  Trial trial(policy);
  trial.value(trial.submit(add_one, 1), 2);
  const At fault("zygote.fork", Do::error, 1, EAGAIN);
  const auto end = support::Clock::now() + 10s * busy();
  [[maybe_unused]] std::size_t tasks = 0;
  std::vector<cf::Future<int>> futures;
  while (trial.pool().processes().size() < 2 && support::Clock::now() < end) {
    for (int i = 0; i < 4; ++i) futures.push_back(trial.pool().submit(add_one, i));
    futures.front().result(20s * busy());
    futures.erase(futures.begin());
    ++tasks;
  }
  CHECK(fault.hits() != 0);
  CHECK(trial.pool().processes().size() == 2);
  for (const auto& future : futures) future.result(20s * busy());
  trial.finish();
}
