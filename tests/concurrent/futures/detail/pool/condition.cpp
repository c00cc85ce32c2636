// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/pool/condition.hpp>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using concurrent::futures::detail::Condition;

TEST_CASE("Condition: no notification is lost between as many threads that wait for room as for what fills it") {
  constexpr int threads = 3;
  constexpr int each = 2000;
  std::mutex mutex;
  Condition room;
  Condition item;
  int items = 0;
  int taken = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      for (int n = 0; n < each; ++n) {
        std::unique_lock lock(mutex);
        while (items == 2) room.wait(lock);
        ++items;
        item.notify_one();
      }
    });
    all.emplace_back([&] {
      for (int n = 0; n < each; ++n) {
        {
          std::unique_lock lock(mutex);
          item.wait(lock, [&] { return items != 0; });
          --items;
          ++taken;
        }
        room.notify_one();  // afterwards is as good
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  CHECK(items == 0);
  CHECK(taken == threads * each);
}

TEST_CASE("Condition: a notification after the lock is let go of, and before the sleep, ends the wait") {
  struct Lock {
    void unlock() { condition.notify_one(); }
    void lock() {}
    Condition& condition;
  };
  Condition changed;
  Lock lock{changed};
  const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  changed.wait(lock, late);
  CHECK(std::chrono::steady_clock::now() < late);
}

TEST_CASE("Condition: notify_all lets everybody go on") {
  std::mutex mutex;
  Condition changed;
  bool open = false;
  int waiting = 0;
  int through = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i) {
    all.emplace_back([&] {
      std::unique_lock lock(mutex);
      if (++waiting == 4) changed.notify_all();
      changed.wait(lock, [&] { return open; });
      ++through;
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting == 4; });
    open = true;
    changed.notify_all();
  }
  for (std::thread& thread : all) thread.join();
  CHECK(through == 4);
}
