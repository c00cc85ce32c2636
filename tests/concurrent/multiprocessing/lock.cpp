// SPDX-License-Identifier: BSL-1.0
// Rows LK, RL and K1 to K17 of the conformance of multiprocessing.
#include <concurrent/multiprocessing/lock.hpp>

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

template <class L>
L loaded_again(const L& lock) {
  return pickle::loads<L>(pickle::dumps(lock));
}

template <class L>
void check_both_locks() {
  const L lock;
  CHECK_FALSE(lock.locked());
  CHECK(lock.acquire() == Acquired::yes);
  CHECK(lock.locked());
  CHECK_FALSE(lock.owner_died());
  constexpr bool nests = std::is_same_v<L, mp::RLock>;
  CHECK(lock.try_acquire() == (nests ? Acquired::yes : Acquired::no));
  CHECK(loaded_again(lock) == lock);
  std::thread([&] {
    CHECK(lock.try_acquire() == Acquired::no);
    CHECK(lock.acquire_for(1ms) == Acquired::no);
    CHECK(lock.acquire_for(-1h) == Acquired::no);
    CHECK(contains(support::message_of<mp::RuntimeError>([&] { lock.release(); }),
                   "a lock that it does not hold: a thread of process " + std::to_string(::getpid()) + " does"));
  }).join();
  lock.release();
  if (nests) lock.release();
  CHECK_FALSE(lock.locked());
  for (int i = 0; i < 2; ++i)
    CHECK(contains(support::message_of<mp::RuntimeError>([&] { lock.release(); }), "nobody does"));
  CHECK(lock.acquire_for(std::chrono::hours::max()) == Acquired::yes);
  lock.release();
  {
    const L held;
    CHECK(held.acquire() == Acquired::yes);  // and its last handle goes
  }
  {
    std::unique_lock one(lock, std::try_to_lock);
    CHECK(one.owns_lock());
    one.unlock();
    CHECK_FALSE(lock.locked());
    const L other;
    const std::scoped_lock both(lock, other);
    CHECK(other.locked());
  }
  CHECK_FALSE(lock.locked());
}

/// Five threads want what is held `depth` times over.
template <class L>
void check_contenders(int depth) {
  const L lock;
  for (int i = 0; i < depth; ++i) lock.acquire();
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      const std::lock_guard guard(lock);
      ++passed;
    });
  }
  for (int i = 0; i < depth; ++i) {
    CHECK(lock.locked());
    CHECK(passed == 0);
    lock.release();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(passed == 5);
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked, "LK1 LK2 LK3 LK5 LK6 LK7 LK8 Lock: acquire, try, guards, release by others") {
  check_both_locks<mp::Lock>();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "LK1 LK2 LK3 LK5 LK6 LK7 RL2 RL3 RLock: acquire, try, guards, release by others") {
  check_both_locks<mp::RLock>();
}

TEST_CASE_METHOD(support::HoldersChecked, "LK4 LK11 Lock: five contenders, none before the release and all after it") {
  check_contenders<mp::Lock>(1);
}
TEST_CASE_METHOD(support::HoldersChecked, "LK4 RLock: five contenders, none before the last release and all after it") {
  check_contenders<mp::RLock>(2);
}

TEST_CASE_METHOD(support::HoldersChecked, "LK9 Lock.acquire: by its own holder throws at once") {
  const mp::Lock lock;
  lock.acquire();
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { lock.acquire(); }), "or use an RLock"));
  CHECK(contains(support::message_of<mp::RuntimeError>([&] { static_cast<void>(lock.acquire_for(1h)); }), "RLock"));
  CHECK(lock.acquire_for(0s) == Acquired::no);  // an attempt, as try_acquire
  CHECK(lock.acquire_for(-1s) == Acquired::no);
  CHECK_FALSE(lock.try_lock_for(0s));
  lock.release();
}

TEST_CASE_METHOD(support::HoldersChecked, "RL1 RL4 RL5 RLock: free after as many releases, and no sooner") {
  const mp::RLock lock;
  CHECK(lock.acquire() == Acquired::yes);
  CHECK(lock.try_acquire() == Acquired::yes);
  CHECK(lock.acquire_for(1ms) == Acquired::yes);
  for (int i = 0; i < 3; ++i) {
    std::thread([&] {
      CHECK(lock.try_acquire() == Acquired::no);
      CHECK_THROWS_AS(lock.release(), mp::RuntimeError);
    }).join();
    CHECK(lock.locked());
    lock.release();
  }
  std::thread([&] {
    CHECK(lock.try_acquire() == Acquired::yes);
    lock.release();
  }).join();
}

TEST_CASE_METHOD(support::HoldersChecked, "K1 K2 K7 Lock: a holder that is killed hands it over, 1000 times in a row") {
  const mp::Lock lock;
  for (int round = 0; round < 1000; ++round) {
    const pid_t child = support::child_that_stays(
        [&] { CHECK(lock.acquire() == (round == 0 ? Acquired::yes : Acquired::owner_died)); });
    CHECK(lock.try_acquire() == Acquired::no);
    support::kill_and_reap(child);
    if (round % 100 == 0) CHECK_FALSE(lock.locked());
  }
  CHECK(lock.try_acquire() == Acquired::owner_died);
  CHECK(lock.owner_died());
  lock.release();
  CHECK(lock.acquire() == Acquired::yes);
  CHECK_FALSE(lock.owner_died());
  lock.release();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K1 K10 K12 Lock: sixteen waiters, exactly one of whom is told, however the holder ends") {
  for (int how = 0; how < 5; ++how) {
    const mp::Lock lock;
    const support::Counter held = support::Counter::make();
    const support::Counter go = support::Counter::make();
    const pid_t child = support::fork_child([&] {
      const auto hold = [&] {
        lock.acquire();
        held.add();
        go.wait_until(1);
      };
      if (how == 4) {  // the thread alone ends, and its process lives on
        std::thread(hold).join();
        for (;;) ::pause();
      }
      hold();
      if (how == 0) ::kill(::getpid(), SIGKILL);
      if (how == 1) std::quick_exit(3);
      if (how == 2) ::execl("/bin/true", "true", nullptr);
      if (how == 3) {
        ::signal(SIGABRT, SIG_DFL);
        std::abort();
      }
      return 0;
    });
    held.wait_until(1);
    std::atomic<int> told{0};
    std::atomic<int> plain{0};
    std::vector<std::thread> waiters;
    for (int i = 0; i < 16; ++i) {
      waiters.emplace_back([&] {
        (lock.acquire() == Acquired::owner_died ? told : plain) += 1;
        lock.release();
      });
    }
    go.add();
    for (std::thread& waiter : waiters) waiter.join();
    CHECK(told == 1);
    CHECK(plain == 15);
    if (how == 4) ::kill(child, SIGKILL);
    CHECK(support::wait_status(child) != -1);
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "K11 Lock: a forked child does not hold what its parent holds") {
  const mp::Lock lock;
  lock.acquire();
  const pid_t child = support::fork_child([&] {
    if (lock.try_acquire() != Acquired::no) return 1;
    try {
      lock.release();
      return 2;
    } catch (const mp::RuntimeError&) {
    }
    const mp::Lock own;  // it can hold others, and die with them
    return own.acquire() == Acquired::yes ? 0 : 3;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(lock.locked());
  lock.release();
  CHECK_FALSE(lock.locked());
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K13 Lock: three thousand locks and nested RLocks of one victim, each handed over once") {
  const mp::RLock nested;
  std::vector<mp::Lock> apart;
  for (int i = 0; i < 3000; ++i) apart.emplace_back();  // more than the kernel walks entries of a robust list
  const pid_t child = support::child_that_stays([&] {
    for (const mp::Lock& lock : apart) lock.acquire();
    for (int i = 0; i < 3; ++i) nested.acquire();
  });
  support::kill_and_reap(child);
  for (const mp::Lock& lock : apart) {
    CHECK(lock.acquire() == Acquired::owner_died);
    lock.release();
    CHECK(lock.try_acquire() == Acquired::yes);
    lock.release();
  }
  CHECK(nested.acquire() == Acquired::owner_died);
  nested.release();  // once is enough
  CHECK_FALSE(nested.locked());
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K9 Lock: a holder that is stopped keeps the others out, and is not taken for dead") {
  const mp::Lock lock;
  const pid_t child = support::child_that_stays([&] { lock.acquire(); });
  ::kill(child, SIGSTOP);
  CHECK(lock.acquire_for(20ms) == Acquired::no);
  ::kill(child, SIGCONT);
  CHECK(lock.try_acquire() == Acquired::no);
  support::kill_and_reap(child);
  CHECK(lock.acquire() == Acquired::owner_died);
}

TEST_CASE_METHOD(
    support::HoldersChecked,
    "K3 K4 K5 K6 K17 Lock: processes killed at random in lock, add, unlock: never two inside, nobody waits for ever") {
  struct Inside {
    mp::Lock lock;
    mp::Value<long> inside, sections, deaths;
  };
  const Inside shared;
  const auto work = [&shared] {
    for (;;) {
      const Acquired acquired = shared.lock.acquire();
      if (acquired == Acquired::owner_died) {
        shared.deaths.fetch_add(1);
        shared.inside.store(0);
      }
      if (shared.inside.exchange(1) != 0) ::_exit(9);
      shared.sections.fetch_add(1);
      shared.inside.store(0);
      shared.lock.release();
    }
    return 0;
  };
  std::mt19937 random(7);
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(support::fork_child(work));
  for (int kill = 0; kill < 200; ++kill) {
    const long before = shared.sections.load();
    REQUIRE(support::eventually([&] { return shared.sections.load() > before + 100; }));
    pid_t& victim = children[random() % children.size()];
    ::kill(victim, SIGKILL);
    const int status = support::wait_status(victim);
    REQUIRE(WIFSIGNALED(status));
    victim = support::fork_child(work);
  }
  for (const pid_t child : children) support::kill_and_reap(child);
  CHECK(shared.lock.acquire_for(10s) != Acquired::no);
  shared.lock.release();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "Lock: what is no lock, and a lock whose maker has gone, is refused where it is loaded") {
  std::vector<std::byte> bytes;
  {
    const mp::Lock lock;
    bytes = pickle::dumps(lock);
    CHECK_THROWS_AS(pickle::loads<mp::RLock>(pickle::dumps(mp::Value<long>(1))), pickle::UnpicklingError);
  }
  CHECK_THROWS_AS(pickle::loads<mp::Lock>(bytes), pickle::UnpicklingError);
}
