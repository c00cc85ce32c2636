// SPDX-License-Identifier: BSL-1.0
// Shared state as arguments and results of tasks: how long it lives, and what stays of it.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "concurrent/multiprocessing/spelled_in_full.hpp"
#include "support/deadline.hpp"
#include "support/holders.hpp"
#include "support/shared.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

namespace {

mp::Queue<int> make_queue(int first) {
  const mp::Queue<int> queue(4);
  queue.put(first);
  return queue;
}
int take(const mp::Queue<int>& queue) { return queue.get(); }
mp::Lock make_lock() { return mp::Lock(); }
const mp::Lock& lock_of_worker() {
  static const mp::Lock lock;
  return lock;
}
std::vector<std::byte> way_to_lock(int which) {
  static const std::vector<mp::RLock> locks(4);
  return pickle::dumps(locks[static_cast<std::size_t>(which)]);
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked, "Queue: a temporary as argument, and one that a task makes, arrive") {
  cf::ProcessPoolExecutor pool(1);
  CHECK(pool.submit(make_queue, 7).result().get() == 7);
  const auto gate = support::Gate::make();
  const auto before = pool.submit([gate] { gate.wait(); });
  std::vector<cf::Future<int>> taken;
  for (int i = 0; i < 3; ++i) {
    const mp::Queue<int> queue = make_queue(i);
    taken.push_back(pool.submit(take, queue));
  }
  taken.push_back(pool.submit(take, make_queue(3)));
  gate.open();  // no handle is left
  for (int i = 0; i < 4; ++i) CHECK(taken[static_cast<std::size_t>(i)].result() == i);
  before.result();
}

// Without a look at mappings: the tables of other processes stay.
TEST_CASE("Lock: one of each of many processes, used and dropped, leaves no descriptor") {
  const support::DeadlineGuard deadline("locks of many processes");
  // Of a fresh image, each worker has a table of holders of its own.
  cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = mp::get_context("spawn"), .max_tasks_per_child = 1});
  const auto use = [&] {
    const mp::Lock lock = pool.submit(make_lock).result();
    const std::lock_guard guard(lock);
  };
  use();
  const std::size_t before = support::names_in("/proc/self/fd").size();
  for (int i = 0; i < 20; ++i) use();
  CHECK(support::names_in("/proc/self/fd").size() <= before + 2);
}

TEST_CASE("Lock: one that comes again when the last handle had gone is still held") {
  const support::DeadlineGuard deadline("a lock that comes again");
  cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = mp::get_context("spawn")});
  pool.submit(lock_of_worker).result().acquire();
  const mp::Lock lock = pool.submit(lock_of_worker).result();
  CHECK(lock.locked());
  CHECK(lock.try_acquire() == mp::Acquired::no);
  lock.release();
  CHECK_FALSE(lock.locked());
}

TEST_CASE_METHOD(support::HoldersChecked, "Queue: a type is the same in every file, however it is spelled there") {
  const mp::Queue<std::deque<int>> queue;
  queue.put({7});
  CHECK(support::first_of_queue(pickle::dumps(queue)) == 7);
}

TEST_CASE("Manager.list: a type is the same in every file, however it is spelled there") {
  const support::DeadlineGuard deadline("a list in two files");
  mp::Manager manager;
  CHECK(support::first_of_list(pickle::dumps(manager.list<int>({8}))) == 8);
}

// Another process's table of holders is mapped once, whoever lets go of it and opens it at the same time.
TEST_CASE("RLock: four threads, each given one by another process again and again, hold what they hold") {
  const support::DeadlineGuard deadline("locks that come again");
  cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = mp::get_context("spawn")});
  std::vector<std::vector<std::byte>> ways;
  for (int i = 0; i < 4; ++i) ways.push_back(pool.submit(way_to_lock, i).result());
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&lost, &way = ways[i]] {
      for (int round = 0; round < 3000; ++round) {
        pickle::loads<mp::RLock>(way).acquire();
        const auto again = pickle::loads<mp::RLock>(way);
        if (again.try_acquire() != mp::Acquired::yes) {
          ++lost;
          return;
        }
        again.release();
        again.release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(lost == 0);
}
