// SPDX-License-Identifier: BSL-1.0
// Ten thousand kills at random moments over a load of each class of shared state: never two holders, no permit lost or
// gained, no item twice, one lost only with whoever had taken it, and those who live go on. The default run kills a
// few.
#include <concurrent/multiprocessing/barrier.hpp>
#include <concurrent/multiprocessing/condition.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/semaphore.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/deadline.hpp"
#include "support/holders.hpp"
#include "support/manager_clients.hpp"

namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;
using mp::Acquired;

namespace {

constexpr int few = 10 / support::slowness;
constexpr int many = 10'000;

/// Two processes run `load(number)` again and again; one of them at a time is killed at a random moment and another one
/// takes its place. `number` is that of the process, never used twice.
void storm(int kills, const std::function<void(int)>& load, const std::function<void()>& meanwhile = [] {}) {
  std::minstd_rand random(23);
  int number = 0;
  const auto start = [&] {
    const int own = number++;
    return support::fork_child([&load, own] {
      for (;;) load(own);
      return 0;
    });
  };
  pid_t both[2] = {start(), start()};
  for (int i = 0; i < kills; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));  // the moment is the matter
    pid_t& victim = both[random() % 2];
    ::kill(victim, SIGKILL);
    CHECK(WIFSIGNALED(support::wait_status(victim)));
    meanwhile();
    victim = start();
  }
  for (const pid_t child : both) support::kill_and_reap(child);
}

template <class L>
void storm_over_lock(int kills) {
  const L lock;
  const mp::Value<int> inside;
  const mp::Value<int> intruders;
  const auto section = [&] {
    const Acquired got = lock.acquire();
    if (inside.exchange(1) == 1 && got != Acquired::owner_died) intruders.fetch_add(1);
    inside.store(0);
    lock.release();
  };
  storm(kills, [&](int) { section(); }, section);
  section();
  CHECK(intruders.load() == 0);
  CHECK_FALSE(lock.locked());
}

void storm_over_permits(int kills) {
  const mp::BoundedSemaphore permits(2);
  storm(
      kills,
      [&](int) {
        permits.acquire();
        permits.release();
      },
      [&] {
        const Acquired got = permits.acquire_for(support::patience);
        CHECK(got != Acquired::no);
        if (got != Acquired::no) permits.release();
      });
  CHECK(permits.value() == 2);
  CHECK(permits.try_acquire() != Acquired::no);
  CHECK(permits.try_acquire() != Acquired::no);
  CHECK(permits.try_acquire() == Acquired::no);
  permits.release(2);
}

/// Each puts numbers that only it has; this process takes them all.
void storm_over_producers(int kills) {
  const mp::Queue<std::uint64_t> queue(8);
  const mp::Array<std::uint64_t> next(static_cast<std::size_t>(kills) + 2);  // by the number of the process
  std::vector<std::uint64_t> taken(next.size(), 0);
  int wrong = 0;
  const auto take = [&] {
    while (const auto got = queue.try_get()) {
      const std::uint64_t own = *got >> 32U;
      const std::uint64_t number = *got & 0xffffffffU;
      if (own >= taken.size() || number != taken[own])
        ++wrong;  // in order, none twice, none left out
      else
        ++taken[own];
    }
  };
  storm(
      kills,
      [&](int own) {
        std::uint64_t& mine = next[static_cast<std::size_t>(own)];
        queue.put(static_cast<std::uint64_t>(own) << 32U | mine);
        ++mine;
      },
      take);
  take();
  CHECK(wrong == 0);
  for (std::size_t i = 0; i < taken.size(); ++i) wrong += taken[i] == next[i] || taken[i] == next[i] + 1 ? 0 : 1;
  CHECK(wrong == 0);
  for (int i = 0; i < 8; ++i) CHECK(queue.try_put(7));
  CHECK_FALSE(queue.try_put(7));
}

/// They take what this process puts: at most one item is gone for each that was killed.
void storm_over_takers(int kills) {
  const mp::Queue<int> queue(64);
  const mp::Value<std::uint64_t> count;
  std::uint64_t put = 0;
  storm(
      kills,
      [&](int) {
        queue.get();
        count.fetch_add(1);
      },
      [&] {
        while (queue.try_put(1)) ++put;
      });
  while (queue.try_get()) count.fetch_add(1);
  CHECK(count.load() <= put);
  CHECK(count.load() + static_cast<std::uint64_t>(kills) + 2 >= put);
  for (int i = 0; i < 64; ++i) CHECK(queue.try_put(7));
  CHECK_FALSE(queue.try_put(7));
}

void storm_over_condition(int kills) {
  const mp::Condition condition;
  const mp::Value<int> turn;
  storm(
      kills,
      [&](int) {
        const std::lock_guard guard(condition);
        turn.store(1 - turn.load());
        condition.notify();
        static_cast<void>(condition.wait_for(1ms));
      },
      [&] {
        const std::lock_guard guard(condition);
        condition.notify_all();
      });
  const std::lock_guard guard(condition);
  CHECK_FALSE(condition.wait_for([] { return false; }, 1ms));
}

void storm_over_barrier(int kills) {
  const mp::Barrier barrier(2);
  storm(kills, [&](int) {
    try {
      barrier.wait();
    } catch (const mp::BrokenBarrierError&) {
      barrier.reset();
    }
  });
  barrier.abort();
  CHECK(barrier.broken());
  barrier.reset();
  CHECK(barrier.n_waiting() == 0);
}

void storm_over_manager(int kills) {
  mp::Manager manager;
  const auto sum = manager.list<long>({0});
  const auto start = support::holdings(manager.pid());
  const std::size_t mapped = support::memory_files(manager.pid());
  const mp::Value<long> returned;
  storm(
      kills,
      [&](int) {
        sum.update(0, [](long& n) { ++n; });
        returned.fetch_add(1);
        static_cast<void>(manager.list<int>({1, 2, 3}));
      },
      [&] { CHECK(sum.size() == 1); });
  CHECK(sum.at(0) >= returned.load());
  CHECK(sum.at(0) <= returned.load() + kills + 2);
  support::eventually([&] {
    return manager.number_of_objects() == 1 && support::holdings(manager.pid()) <= start &&
           support::memory_files(manager.pid()) <= mapped + 1;
  });
  CHECK(manager.number_of_objects() == 1);
  CHECK(support::holdings(manager.pid()) == start);
  CHECK(support::memory_files(manager.pid()) <= mapped + 1);  // this process's own
}

void storm_over_each(int kills) {
  storm_over_lock<mp::Lock>(kills);
  storm_over_lock<mp::RLock>(kills);
  storm_over_permits(kills);
  storm_over_condition(kills);
  storm_over_barrier(kills);
}
void storm_over_queues(int kills) {
  storm_over_producers(kills);
  storm_over_takers(kills);
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked, "K5 K20 K31 Locks, permits, conditions, barriers: some killed at random") {
  storm_over_each(few);
}
TEST_CASE_METHOD(support::HoldersChecked, "K34 K36 Queue: some who put or get, killed at random") {
  storm_over_queues(few);
}
TEST_CASE_METHOD(support::ManagerChecked, "K48 K62 Manager: some clients, killed at random") {
  storm_over_manager(few);
}

TEST_CASE("K5 K20 K31 Locks, permits, conditions, barriers: 10 000 killed at random [long]", "[long]") {
  const support::DeadlineGuard deadline("10 000 kills over locks", std::chrono::minutes(25));
  storm_over_each(many);
}
TEST_CASE("K34 K36 Queue: 10 000 who put or get, killed at random [long]", "[long]") {
  const support::DeadlineGuard deadline("10 000 kills over queues", std::chrono::minutes(25));
  storm_over_queues(many);
}
TEST_CASE("K48 K62 Manager: 10 000 clients, killed at random [long]", "[long]") {
  const support::DeadlineGuard deadline("10 000 kills over a manager", std::chrono::minutes(25));
  storm_over_manager(many);
}
