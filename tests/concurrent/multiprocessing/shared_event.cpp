// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/shared_event.hpp>

#include <concurrent/pickle/dumps.hpp>

#include <chrono>
#include <limits>
#include <thread>
#include <vector>

#include "support/expect.hpp"
#include "support/holders.hpp"
#include "support/leak_check.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;

namespace {

/// Whether a thread of that process sleeps in a futex.
bool sleeps(pid_t process) {
  return support::read_text("/proc/" + std::to_string(process) + "/syscall")
             .rfind(std::to_string(SYS_futex) + " ", 0) == 0;
}

pid_t waiting_child(const mp::Event& event, std::chrono::nanoseconds limit = 60s) {
  const pid_t child = support::fork_child([&] { return event.wait_for(limit) ? 0 : 1; });
  CHECK(support::eventually([child] { return sleeps(child); }));
  return child;
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked,
                 "EV1 EV3 Event: set, clear and is_set, a wait for one that is set returns at once") {
  const mp::Event event;
  CHECK_FALSE(event.is_set());
  CHECK_FALSE(event.wait_for(0s));
  event.set();
  event.set();
  CHECK(event.is_set());
  event.wait();
  CHECK(event.wait_for(0s));
  CHECK(event.wait_for(-1h));
  CHECK(event.wait_for(std::chrono::hours::max()));
  event.clear();
  event.clear();
  CHECK_FALSE(event.is_set());
  CHECK_FALSE(event.wait_for(-1h));
  CHECK_FALSE(event.wait_for(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE_METHOD(support::LeakChecked, "EV3 Event.wait_for: not before its time is over, and not long after") {
  const mp::Event event;
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(event.wait_for(250ms));
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took >= 250ms);
  CHECK(took < 10s);
}

TEST_CASE_METHOD(support::LeakChecked, "EV2 Event.set: wakes all who wait, in threads and processes, again and again") {
  const mp::Event event;
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 2; ++round) {
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) children.push_back(waiting_child(event));
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        event.wait();
        event.wait();  // at once
      });
    }
    event.set();
    for (std::thread& thread : threads) thread.join();
    for (const pid_t child : children) CHECK(support::wait_status(child) == 0);
    event.clear();
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "EV5 Event: set by a child and seen here, set here, seen and cleared by a child") {
  const mp::Event to;
  const mp::Event back;
  const pid_t child = support::fork_child([&] {
    to.wait();
    if (!to.is_set()) return 1;
    to.clear();
    back.set();
    return 0;
  });
  CHECK_FALSE(back.wait_for(0s));
  to.set();
  CHECK(back.wait_for(support::patience));
  CHECK_FALSE(to.is_set());
  CHECK(support::wait_status(child) == 0);
}

TEST_CASE_METHOD(support::LeakChecked, "EV4 Event.set: whoever waited returns, also when it is cleared at once") {
  const mp::Event event;
  for (int round = 0; round < 20; ++round) {
    const pid_t child = waiting_child(event);
    event.set();
    event.clear();
    CHECK(support::wait_status(child) == 0);
    CHECK_FALSE(event.is_set());
  }
}

TEST_CASE_METHOD(support::LeakChecked, "Event: one who is killed while it waits keeps nobody else from using it") {
  const mp::Event event;
  const pid_t victim = waiting_child(event);
  const pid_t other = waiting_child(event);
  ::kill(victim, SIGKILL);
  CHECK(WIFSIGNALED(support::wait_status(victim)));
  const pid_t later = waiting_child(event);
  event.set();
  CHECK(support::wait_status(other) == 0);
  CHECK(support::wait_status(later) == 0);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "K27 Event: one who is killed before it could wake the others does not leave them asleep") {
  const mp::Event event;
  const pid_t child = waiting_child(event);
  // The word as it is after the first half of set(): no sleeper is woken.
  const auto word = pickle::loads<mp::Value<std::uint32_t>>(pickle::dumps(event));
  word.store(4 + 1);
  CHECK(support::wait_status(child) == 0);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "Event: many rounds of set, clear and wait, each side killed at random, never hang") {
  const mp::Event ping;
  const mp::Event pong;
  for (int round = 0; round < 30; ++round) {
    const pid_t child = support::fork_child([&]() -> int {
      for (;;) {
        ping.wait();
        ping.clear();
        pong.set();
      }
    });
    for (int i = 0; i < 20 + round; ++i) {
      ping.set();
      REQUIRE(pong.wait_for(support::patience));
      pong.clear();
    }
    ping.set();
    ::kill(child, SIGKILL);
    CHECK(WIFSIGNALED(support::wait_status(child)));
    ping.clear();
    pong.clear();
  }
}

namespace {
const mp::Event* signalled_event = nullptr;
void set_it(int) {
  if (!signalled_event->is_set()) signalled_event->set();
}
}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "K28 Event.set: in a signal handler that interrupts a wait, it ends the wait") {
  const mp::Event event;
  signalled_event = &event;
  const support::Counter ready = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    ::signal(SIGUSR1, set_it);
    ready.add();
    for (int i = 0; i < 20; ++i) {
      event.wait();
      event.clear();
    }
    return 0;
  });
  ready.wait_until(1);
  CHECK(support::status_amid_signals(child) == 0);
}
