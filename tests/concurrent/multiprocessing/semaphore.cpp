// SPDX-License-Identifier: BSL-1.0
// Rows SM and K18 to K22 of the conformance of multiprocessing.
#include <concurrent/multiprocessing/semaphore.hpp>

#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <chrono>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using mp::Acquired;
using support::contains;

namespace {

template <class S>
void check_both_semaphores() {
  CHECK(contains(support::message_of<std::invalid_argument>([] { S(-1); }), "the value of a semaphore is -1"));
  CHECK(S().value() == 1);
  CHECK(S(0).try_acquire() == Acquired::no);
  const S semaphore(2);
  CHECK(pickle::loads<S>(pickle::dumps(semaphore)) == semaphore);
  CHECK(semaphore.acquire() == Acquired::yes);
  CHECK(semaphore.value() == 1);
  CHECK(semaphore.acquire_for(0s) == Acquired::yes);
  CHECK(semaphore.value() == 0);
  CHECK(semaphore.try_acquire() == Acquired::no);
  CHECK(semaphore.acquire_for(5ms) == Acquired::no);
  CHECK_THROWS_AS(semaphore.release(0), std::invalid_argument);
  semaphore.release(2);
  CHECK(semaphore.value() == 2);
  {
    const std::lock_guard guard(semaphore);
    CHECK(semaphore.value() == 1);
  }
  CHECK(semaphore.value() == 2);
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked, "SM1 SM2 SM8 SM9 Semaphore: value, try, guard") {
  check_both_semaphores<mp::Semaphore>();
}
TEST_CASE_METHOD(support::HoldersChecked, "SM1 SM2 SM8 SM9 BoundedSemaphore: value, try, guard") {
  check_both_semaphores<mp::BoundedSemaphore>();
}

TEST_CASE_METHOD(support::HoldersChecked, "SM3 Semaphore: may rise above its first value, up to an int's") {
  const mp::Semaphore semaphore(2);
  semaphore.release();
  CHECK(semaphore.value() == 3);
  CHECK_THROWS_AS(semaphore.release(INT_MAX), std::invalid_argument);
  CHECK(semaphore.value() == 3);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "SM4 BoundedSemaphore.release: what the thread has not taken throws and changes nothing") {
  const mp::BoundedSemaphore semaphore(2);
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { semaphore.release(); }),
                 "gives back 1 permits of a BoundedSemaphore and holds 0"));
  semaphore.acquire();
  CHECK_THROWS_AS(semaphore.release(2), mp::RuntimeError);
  CHECK(semaphore.value() == 1);
  std::thread([&] { CHECK_THROWS_AS(semaphore.release(), mp::RuntimeError); }).join();
  semaphore.release();
  CHECK(semaphore.value() == 2);
  CHECK_THROWS_AS(mp::BoundedSemaphore(mp::BoundedSemaphore::most_permits + 1), std::invalid_argument);
}

TEST_CASE_METHOD(support::HoldersChecked, "SM5 SM6 SM10 Semaphore: ten threads, as many pass as are released") {
  const mp::Semaphore semaphore(7);
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 2; ++k) {
        semaphore.acquire();
        ++passed;
      }
    });
  }
  CHECK(support::eventually([&] { return passed == 7; }));
  semaphore.release(6);
  CHECK(support::eventually([&] { return passed == 13; }));
  CHECK(semaphore.value() == 0);
  semaphore.release(7);
  for (std::thread& thread : threads) thread.join();
  CHECK(semaphore.try_acquire() == Acquired::no);
}

TEST_CASE_METHOD(support::HoldersChecked, "SM7 Semaphore.try_acquire: five threads try twice for three permits") {
  const mp::Semaphore semaphore(3);
  const mp::BoundedSemaphore bounded(3);
  std::atomic<int> yes{0};
  std::atomic<int> bounded_yes{0};
  const support::Counter tried = support::Counter::make();
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 2; ++k) {
        yes += semaphore.try_acquire() == Acquired::yes ? 1 : 0;
        bounded_yes += bounded.try_acquire() == Acquired::yes ? 1 : 0;
      }
      tried.add();
      tried.wait_until(5);  // a thread that ends gives its permits back
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(yes == 3);
  CHECK(bounded_yes == 3);
}

TEST_CASE_METHOD(support::HoldersChecked, "SM11 SM13 Semaphore: ten thousand at once, and gone with permits out") {
  std::vector<mp::Semaphore> semaphores;
  std::vector<mp::BoundedSemaphore> bounded;
  for (int i = 0; i < 10'000; ++i) {
    semaphores.emplace_back(i);
    bounded.emplace_back(i % 3);
  }
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto at = static_cast<std::size_t>(i);
    wrong += semaphores[at].value() == i && bounded[at].value() == i % 3 ? 0 : 1;
    wrong += semaphores[at].try_acquire() == (i == 0 ? Acquired::no : Acquired::yes) ? 0 : 1;
    wrong += bounded[at].try_acquire() == (i % 3 == 0 ? Acquired::no : Acquired::yes) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "SM12 K22 Semaphore: a bare count, of which the dead keep what they took") {
  const mp::Semaphore semaphore(1);
  CHECK(support::wait_status(support::fork_child([&] { return semaphore.acquire() == Acquired::yes ? 0 : 1; })) == 0);
  CHECK(semaphore.value() == 0);
  semaphore.release();
  CHECK(semaphore.value() == 1);
  const mp::Semaphore tokens(0);
  tokens.release(3);
  support::kill_and_reap(support::child_that_stays([&] { tokens.acquire(); }));
  CHECK(tokens.value() == 2);
  const pid_t taker = support::child_that_stays([&] { tokens.acquire(); });
  tokens.release();  // by another
  support::kill_and_reap(taker);
  CHECK(tokens.value() == 2);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K18 BoundedSemaphore: as many waiters wake as the dead one had permits, a fork holds none") {
  const mp::BoundedSemaphore semaphore(2);
  const pid_t child = support::child_that_stays([&] {
    semaphore.acquire();
    semaphore.acquire();
  });
  const support::Counter served = support::Counter::make();
  std::vector<std::thread> waiters;
  for (int i = 0; i < 2; ++i) {
    waiters.emplace_back([&] {
      semaphore.acquire();
      served.add();
      served.wait_until(2);
      semaphore.release();
    });
  }
  support::kill_and_reap(child);
  for (std::thread& waiter : waiters) waiter.join();
  CHECK(semaphore.value() == 2);
  semaphore.acquire();
  const pid_t fork = support::fork_child([&] {
    try {
      semaphore.release();
      return 1;
    } catch (const mp::RuntimeError&) {
      return 0;
    }
  });
  CHECK(support::wait_status(fork) == 0);
  CHECK(semaphore.value() == 1);
  semaphore.release();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K21 Semaphore: one that is stopped, with a permit or waiting, delays nobody") {
  const mp::BoundedSemaphore permits(2);
  const pid_t holder = support::child_that_stays([&] { permits.acquire(); });
  ::kill(holder, SIGSTOP);
  for (int i = 0; i < 100; ++i) {
    CHECK(permits.acquire_for(support::patience) == Acquired::yes);
    permits.release();
  }
  CHECK(permits.value() == 1);
  const mp::Semaphore tokens(0);
  const pid_t waiter = support::fork_child([&] { return tokens.acquire() == Acquired::yes ? 0 : 1; });
  ::kill(waiter, SIGSTOP);
  std::thread other([&] { tokens.acquire(); });
  tokens.release();
  other.join();
  tokens.release();
  ::kill(waiter, SIGCONT);
  CHECK(support::wait_status(waiter) == 0);
  support::kill_and_reap(holder);
  CHECK(permits.value() == 2);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "SM12 K18 BoundedSemaphore: permits of the dead come back, by processes and by threads") {
  const mp::BoundedSemaphore semaphore(3);
  const pid_t child = support::child_that_stays([&] {
    for (int i = 0; i < 3; ++i) semaphore.acquire();
  });
  CHECK(semaphore.value() == 0);
  CHECK(semaphore.try_acquire() == Acquired::no);
  support::kill_and_reap(child);
  CHECK(semaphore.value() == 3);
  CHECK(semaphore.acquire() == Acquired::owner_died);
  std::thread([&] { semaphore.acquire(); }).join();
  CHECK(semaphore.value() == 2);
  semaphore.release();
  CHECK(semaphore.value() == 3);
  CHECK_THROWS_AS(semaphore.release(), mp::RuntimeError);
}

TEST_CASE_METHOD(support::HoldersChecked, "K19 Semaphore: a waiter that is killed takes nothing with it") {
  const mp::Semaphore semaphore(0);
  const auto wait = [&] { return support::fork_child([&] { return semaphore.acquire() == Acquired::yes ? 0 : 1; }); };
  for (int round = 0; round < 20; ++round) {
    const pid_t victim = wait();
    const pid_t other = wait();
    ::kill(victim, SIGKILL);
    support::wait_status(victim);
    semaphore.release();
    CHECK(support::wait_status(other) == 0);
    CHECK(semaphore.value() == 0);
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K20 BoundedSemaphore: killed at random, never more inside than permits, and all come back") {
  const mp::BoundedSemaphore semaphore(2);
  const mp::Value<long> passes;
  const auto work = [&] {
    for (;;) {
      semaphore.acquire();
      passes.fetch_add(1);
      semaphore.release();
    }
    return 0;
  };
  std::mt19937 random(3);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(support::fork_child(work));
  for (int kill = 0; kill < 200; ++kill) {
    const long before = passes.load();
    REQUIRE(support::eventually([&] { return passes.load() > before + 50; }));
    pid_t& victim = children[random() % children.size()];
    ::kill(victim, SIGKILL);
    support::wait_status(victim);
    victim = support::fork_child(work);
  }
  for (const pid_t child : children) support::kill_and_reap(child);
  CHECK(semaphore.value() == 2);
}
