// SPDX-License-Identifier: BSL-1.0
// Rows CO and K23 to K26 of the conformance of multiprocessing.
#include <concurrent/multiprocessing/condition.hpp>

#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using mp::Acquired;
using support::contains;

namespace {

/// Waiters, in threads and processes, that count themselves before they wait and after.
struct Waiters {
  mp::Condition condition;
  mp::Value<int> waiting, woken;

  void wait_once() const {
    const std::lock_guard guard(condition);
    waiting.fetch_add(1);
    condition.wait();
    woken.fetch_add(1);
  }
  void notify(int n) const {
    const std::lock_guard guard(condition);
    condition.notify(n);
  }
  /// All of `n` have given up the lock.
  bool wait_for_waiting(int n) const {
    return support::eventually([&] {
      const std::lock_guard guard(condition);
      return waiting.load() == n;
    });
  }
  bool wait_for_woken(int n) const {
    return support::eventually([&] { return woken.load() == n; });
  }
};

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked,
                 "CO1 CO2 CO9 Condition: its lock is the one given, misuse throws, a wait gives up all levels") {
  const mp::Lock lock;
  const mp::Condition of_lock(lock);
  of_lock.acquire();
  CHECK(lock.locked());
  CHECK_THROWS_AS(of_lock.acquire(), mp::RuntimeError);
  of_lock.release();
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { of_lock.wait(); }), "waits for a condition whose lock"));
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { of_lock.notify(); }), "notifies a condition whose lock"));
  CHECK_THROWS_AS(of_lock.notify_all(), mp::RuntimeError);

  const mp::Condition nested;
  nested.acquire();
  nested.acquire();
  std::thread other([&] {
    const std::lock_guard guard(nested);  // only while the other waits
    nested.notify();
  });
  nested.wait();
  other.join();
  nested.release();
  CHECK(nested.locked());
  nested.release();
  CHECK_FALSE(nested.locked());
  CHECK(pickle::loads<mp::Condition>(pickle::dumps(nested)) == nested);
}

TEST_CASE_METHOD(
    support::HoldersChecked,
    "CO3 CO4 CO5 CO6 CO11 Condition.notify: wakes as many as told, of threads and processes, none is stored") {
  const Waiters waiters;
  waiters.notify(5);  // nobody is there
  std::vector<std::thread> threads;
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { waiters.wait_once(); });
    children.push_back(support::fork_child([&] {
      waiters.wait_once();
      return 0;
    }));
  }
  REQUIRE(waiters.wait_for_waiting(6));
  CHECK(waiters.woken.load() == 0);
  waiters.notify(1);
  CHECK(waiters.wait_for_woken(1));
  waiters.notify(2);
  CHECK(waiters.wait_for_woken(3));
  std::thread late([&] { waiters.wait_once(); });
  REQUIRE(waiters.wait_for_waiting(7));
  CHECK(waiters.woken.load() == 3);
  {
    const std::lock_guard guard(waiters.condition);
    waiters.condition.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  late.join();
  for (const pid_t child : children) CHECK(support::wait_status(child) == 0);
  CHECK(waiters.woken.load() == 7);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "CO7 CO8 CO10 Condition: time limits and predicates, and a clean state after them") {
  const mp::Condition condition;
  const mp::Value<int> state;
  const std::lock_guard guard(condition);
  CHECK_FALSE(condition.wait_for(0s));
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(condition.wait_for(30ms));
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  CHECK_FALSE(condition.wait_for([&] { return state.load() == 9; }, 20ms));
  std::thread other([&] {
    for (int i = 0; i < 4; ++i) {
      const std::lock_guard inner(condition);
      state.fetch_add(1);
      condition.notify();
    }
  });
  condition.wait([&] { return state.load() == 4; });
  CHECK(condition.wait_for([&] { return state.load() == 4; }, 0s));
  other.join();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "Condition: who waits has given up all levels of its RLock, and has them again") {
  const mp::RLock lock;
  const mp::Condition condition(lock);
  const mp::Value<int> waits, levels;
  std::thread waiter([&] {
    lock.acquire();
    lock.acquire();
    waits.store(1);
    if (!condition.wait_for(support::patience)) return;
    for (; lock.locked(); lock.release()) levels.fetch_add(1);
  });
  CHECK(support::eventually([&] {
    const std::lock_guard guard(lock);
    return waits.load() == 1;
  }));
  {
    const std::lock_guard guard(lock);
    condition.notify();
  }
  waiter.join();
  CHECK(levels.load() == 2);
  CHECK(lock.try_acquire() == Acquired::yes);
  lock.release();
}

TEST_CASE_METHOD(support::HoldersChecked, "K23 K24 Condition: a waiter that is killed takes no notification with it") {
  const Waiters waiters;
  for (int round = 0; round < 20; ++round) {
    waiters.waiting.store(0);
    waiters.woken.store(0);
    const auto child = [&] {
      return support::fork_child([&] {
        waiters.wait_once();
        return 0;
      });
    };
    const pid_t victim = child();
    REQUIRE(waiters.wait_for_waiting(1));
    const pid_t other = child();
    REQUIRE(waiters.wait_for_waiting(2));
    {
      const std::lock_guard guard(waiters.condition);
      if (round % 2 == 0) {
        waiters.condition.notify();  // the victim is told, and cannot have the lock yet
        ::kill(victim, SIGKILL);
        support::wait_status(victim);
      } else {
        ::kill(victim, SIGKILL);
        support::wait_status(victim);
        waiters.condition.notify();
      }
    }
    CHECK(support::wait_status(other) == 0);
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K25 Condition: a notifier that is killed with the lock leaves nobody asleep") {
  const Waiters waiters;
  std::thread waiter([&] { waiters.wait_once(); });
  REQUIRE(waiters.wait_for_waiting(1));
  const pid_t child = support::child_that_stays([&] {
    waiters.condition.acquire();
    waiters.condition.notify();
  });
  CHECK(waiters.woken.load() == 0);
  support::kill_and_reap(child);
  waiter.join();
  CHECK(waiters.woken.load() == 1);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K26 Condition: a waiter that is stopped delays no other, nor does a notifier") {
  const Waiters waiters;
  const pid_t stopped = support::fork_child([&] {
    waiters.wait_once();
    return 0;
  });
  REQUIRE(waiters.wait_for_waiting(1));
  ::kill(stopped, SIGSTOP);
  std::thread waiter([&] { waiters.wait_once(); });
  REQUIRE(waiters.wait_for_waiting(2));
  waiters.notify(2);
  waiter.join();
  CHECK(waiters.woken.load() == 1);
  ::kill(stopped, SIGCONT);
  CHECK(support::wait_status(stopped) == 0);

  std::thread other([&] { waiters.wait_once(); });
  REQUIRE(waiters.wait_for_waiting(3));
  const pid_t notifier = support::fork_child([&] {
    waiters.condition.acquire();
    waiters.condition.notify();
    ::raise(SIGSTOP);
    waiters.condition.release();
    return 0;
  });
  int status = 0;
  REQUIRE(::waitpid(notifier, &status, WUNTRACED) == notifier);
  REQUIRE(WIFSTOPPED(status));
  CHECK(waiters.condition.acquire_for(5ms) == Acquired::no);
  CHECK(waiters.woken.load() == 2);
  ::kill(notifier, SIGCONT);
  other.join();
  CHECK(support::wait_status(notifier) == 0);
}

namespace {
const mp::Condition* signalled_condition = nullptr;
std::atomic<int> refused{0};
void notify_it(int) {
  try {
    signalled_condition->notify();
  } catch (const mp::RuntimeError&) {
    refused = 1;
  }
}
}  // namespace

TEST_CASE_METHOD(support::HoldersChecked,
                 "K28 Condition.notify: in a signal handler that interrupts a wait it throws, and nobody hangs") {
  const mp::Condition condition;
  signalled_condition = &condition;
  const support::Counter ready = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    ::signal(SIGUSR1, notify_it);
    const std::lock_guard guard(condition);
    ready.add();
    while (refused == 0) static_cast<void>(condition.wait_for(10ms));
    return 0;
  });
  ready.wait_until(1);
  {
    const std::lock_guard guard(condition);
  }  // it has given up the lock, and waits
  CHECK(support::status_amid_signals(child) == 0);
}
