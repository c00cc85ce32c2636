// SPDX-License-Identifier: BSL-1.0
// Who holds a lock when processes, threads and handles come and go: more of rows LK, RL and K1 to K17.
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using mp::Acquired;

namespace {

template <class L>
void check_in_a_child() {
  const L lock;
  const support::Counter held = support::Counter::make();
  const support::Counter end = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    lock.acquire();
    held.add();
    end.wait_until(1);
    return 0;
  });
  held.wait_until(1);
  CHECK(lock.locked());
  CHECK(lock.try_acquire() == Acquired::no);
  CHECK_THROWS_AS(lock.release(), mp::RuntimeError);
  end.add();
  CHECK(support::wait_status(child) == 0);
  CHECK(lock.acquire() == Acquired::owner_died);
  lock.release();
  CHECK_THROWS_AS(lock.release(), mp::RuntimeError);

  const std::vector<std::byte> sent = pickle::dumps(lock);
  const pid_t user = support::fork_child([&] {
    const auto same = pickle::loads<L>(sent);
    {
      const std::lock_guard guard(same);
    }
    return same == lock && !lock.locked() ? 0 : 1;
  });
  CHECK(support::wait_status(user) == 0);
  CHECK(lock.try_acquire() == Acquired::yes);
  lock.release();
}

/// More threads than a table has slots for, one after the other.
template <class L>
void check_many_threads() {
  const L lock;
  const L left_locked;
  std::thread([&] { left_locked.acquire(); }).join();
  int count = 0;
  for (int i = 0; i < 4500; ++i) {
    std::thread([&] {
      const std::lock_guard guard(lock);
      ++count;
    }).join();
  }
  CHECK(count == 4500);
  CHECK(left_locked.acquire() == Acquired::owner_died);
  left_locked.release();
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked, "LK10 LK12 Lock: held by a child, which then ends") {
  check_in_a_child<mp::Lock>();
}
TEST_CASE_METHOD(support::HoldersChecked, "LK10 LK12 RL6 RLock: held by a child, which then ends") {
  check_in_a_child<mp::RLock>();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "LK11 K16 Lock: threads leave nothing, and who has a dead one's place is not taken for it") {
  check_many_threads<mp::Lock>();
}
TEST_CASE_METHOD(support::HoldersChecked,
                 "LK11 K16 RLock: threads leave nothing, and who has a dead one's place is not taken for it") {
  check_many_threads<mp::RLock>();
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K8 Lock: the holder is killed as a waiter's time ends, and the lock is lost to nobody") {
  constexpr auto limit = 1ms;
  for (int round = 0; round < 30; ++round) {
    const mp::Lock lock;
    const pid_t child = support::child_that_stays([&] { lock.acquire(); });
    const auto start = support::Clock::now();
    std::atomic<Acquired> got{Acquired::yes};
    std::thread waiter([&] {
      got = lock.acquire_for(limit);
      if (got != Acquired::no) lock.release();
    });
    while (support::Clock::now() < start + limit * (round % 10) / 5) std::this_thread::yield();
    support::kill_and_reap(child);
    waiter.join();
    CHECK(got.load() != Acquired::yes);
    CHECK(lock.try_acquire() == (got.load() == Acquired::no ? Acquired::owner_died : Acquired::yes));
    lock.release();
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "K15 Lock: it lives while any handle does, whoever made it") {
  std::optional<mp::Lock> lock(std::in_place);
  const support::Counter held = support::Counter::make();
  const support::Counter end = support::Counter::make();
  const pid_t holder = support::fork_child([&] {
    lock->acquire();
    held.add();
    end.wait_until(1);
    lock->release();
    return 0;
  });
  held.wait_until(1);
  const pid_t waiter = support::fork_child([&] { return lock->acquire() == Acquired::yes ? 0 : 1; });
  lock.reset();
  end.add();
  CHECK(support::wait_status(holder) == 0);
  CHECK(support::wait_status(waiter) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K15 Lock: a thread that drops its last handle holds it on, until the thread ends") {
  std::optional<mp::Lock> lock(std::in_place);
  const pid_t child = support::child_that_stays([&] {
    lock->acquire();
    lock.reset();
  });
  CHECK(lock->try_acquire() == Acquired::no);
  support::kill_and_reap(child);
  CHECK(lock->acquire() == Acquired::owner_died);
  lock->release();
}

TEST_CASE_METHOD(support::HoldersChecked, "K45 Array: whoever finds it half written knows that by the lock") {
  const mp::Lock lock;
  const mp::Array<int> array(1000);
  const pid_t child = support::child_that_stays([&] {
    lock.acquire();
    std::fill(array.begin(), array.begin() + 500, 7);
  });
  support::kill_and_reap(child);
  CHECK(lock.acquire() == Acquired::owner_died);
  CHECK(std::count(array.begin(), array.end(), 7) == 500);
  std::fill(array.begin(), array.end(), 0);
  lock.release();
  CHECK(lock.acquire() == Acquired::yes);
  lock.release();
}
