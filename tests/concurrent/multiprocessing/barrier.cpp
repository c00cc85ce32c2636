// SPDX-License-Identifier: BSL-1.0
// Rows BA and K29 to K33 of the conformance of multiprocessing.
#include <concurrent/multiprocessing/barrier.hpp>

#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;

namespace {

bool is_broken_for(const mp::Barrier& barrier) {
  try {
    barrier.wait();
    return false;
  } catch (const mp::BrokenBarrierError&) {
    return true;
  }
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked, "BA1 BA2 BA8 Barrier: lockstep, a number for each, one party never sleeps") {
  CHECK_THROWS_AS(mp::Barrier(0), std::invalid_argument);
  CHECK_THROWS_AS(mp::Barrier(mp::Barrier::most_parties + 1), std::invalid_argument);
  const mp::Barrier alone(1);
  for (int i = 0; i < 100; ++i) CHECK(alone.wait() == 0);
  const mp::Barrier barrier(5);
  CHECK(barrier.parties() == 5);
  CHECK(pickle::loads<mp::Barrier>(pickle::dumps(barrier)) == barrier);
  const mp::Array<int> passes(5);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (std::size_t i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      for (int pass = 1; pass <= 10; ++pass) {
        std::atomic_ref(passes[i]).store(pass);
        const int number = barrier.wait();
        if (number < 0 || number > 4) ++wrong;
        for (int& other : passes) {
          const int seen = std::atomic_ref(other).load();
          if (seen < pass || seen > pass + 1) ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(barrier.n_waiting() == 0);
  CHECK_FALSE(barrier.broken());
  std::vector<int> numbers(5);
  threads.clear();
  for (std::size_t i = 0; i < 5; ++i) threads.emplace_back([&, i] { numbers[i] = barrier.wait(); });
  for (std::thread& thread : threads) thread.join();
  std::sort(numbers.begin(), numbers.end());
  CHECK(numbers == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "BA4 BA5 BA6 BA7 BA10 Barrier: abort, reset and timeout break it for all, reset mends it") {
  const mp::Barrier barrier(2);
  barrier.reset();
  for (int how = 0; how < 2; ++how) {
    bool broken = false;
    std::thread waiter([&] { broken = is_broken_for(barrier); });
    REQUIRE(support::eventually([&] { return barrier.n_waiting() == 1; }));
    if (how == 0) barrier.abort();
    if (how == 1) barrier.reset();
    waiter.join();
    CHECK(broken);
    CHECK(barrier.broken() == (how != 1));
    if (how != 1) CHECK(is_broken_for(barrier));
    barrier.reset();
    CHECK_FALSE(barrier.broken());
    CHECK(barrier.n_waiting() == 0);
    std::thread partner([&] { barrier.wait(); });
    CHECK_FALSE(is_broken_for(barrier));
    partner.join();
  }
  CHECK_THROWS_AS(barrier.wait_for(10ms), mp::BrokenBarrierError);
  CHECK(is_broken_for(barrier));
}

TEST_CASE_METHOD(support::HoldersChecked, "BA3 Barrier: whoever gets 0 does something once, before anybody goes on") {
  const mp::Barrier barrier(5);
  std::atomic<int> done{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      for (int pass = 1; pass <= 5; ++pass) {
        if (barrier.wait() == 0) ++done;
        barrier.wait();
        if (done != pass) ++wrong;
        barrier.wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 5);
  CHECK(wrong == 0);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "BA9 Barrier: 1000 passes of five processes, all of one before any of the next") {
  const mp::Barrier barrier(5);
  const mp::Array<int> passes(5);
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < 5; ++i) {
    children.push_back(support::fork_child([&, i] {
      for (int pass = 1; pass <= 1000; ++pass) {
        std::atomic_ref(passes[i]).store(pass);
        barrier.wait();
        for (int& other : passes) {
          const int seen = std::atomic_ref(other).load();
          if (seen < pass || seen > pass + 1) return 1;
        }
      }
      return 0;
    }));
  }
  for (const pid_t child : children) CHECK(support::wait_status(child) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K29 K32 Barrier: the death of one who waits breaks it, within a moment, reset mends it, 200 times") {
  const mp::Barrier barrier(3);
  for (int round = 0; round < 200; ++round) {
    const pid_t victim = support::fork_child([&] { return barrier.wait(); });
    REQUIRE(support::eventually([&] { return barrier.n_waiting() == 1; }));
    bool broken = false;
    std::thread other([&] { broken = is_broken_for(barrier); });
    REQUIRE(support::eventually([&] { return barrier.n_waiting() == 2; }));
    support::kill_and_reap(victim);
    other.join();
    CHECK(broken);
    CHECK(barrier.broken());
    barrier.reset();
  }
  std::atomic<int> broken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { broken += is_broken_for(barrier) ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  CHECK(broken == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "K31 Barrier: a complete pass stands when one who made it is killed") {
  for (int round = 0; round < 50; ++round) {
    const mp::Barrier barrier(2);
    const pid_t last = support::fork_child([&] {
      barrier.wait();
      for (;;) ::pause();
      return 0;
    });
    REQUIRE(support::eventually([&] { return barrier.n_waiting() == 1; }));
    CHECK_FALSE(is_broken_for(barrier));
    support::kill_and_reap(last);
    CHECK_FALSE(barrier.broken());
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K30 Barrier: of one killed before it comes nobody can know, a time limit helps") {
  const mp::Barrier barrier(3);
  support::kill_and_reap(support::child_that_stays([] {}));
  std::atomic<bool> told{false};
  std::thread waiter([&] { told = is_broken_for(barrier); });
  CHECK(support::eventually([&] { return barrier.n_waiting() == 1; }));
  CHECK_FALSE(barrier.broken());
  CHECK_THROWS_AS(barrier.wait_for(10ms), mp::BrokenBarrierError);
  waiter.join();
  CHECK(told);
}

TEST_CASE_METHOD(support::HoldersChecked, "K33 Barrier: one that is stopped holds up only the next pass") {
  const mp::Barrier barrier(3);
  const pid_t child = support::fork_child([&] { return barrier.wait() >= 0 ? 0 : 1; });
  REQUIRE(support::eventually([&] { return barrier.n_waiting() == 1; }));
  ::kill(child, SIGSTOP);
  std::atomic<int> passed{0};
  std::atomic<int> broken{0};
  const auto come_twice = [&] {
    passed += is_broken_for(barrier) ? 0 : 1;
    try {
      barrier.wait_for(20ms);
    } catch (const mp::BrokenBarrierError&) {
      ++broken;
    }
  };
  std::thread first(come_twice);
  std::thread second(come_twice);
  first.join();
  second.join();
  CHECK(passed == 2);
  CHECK(broken == 2);
  ::kill(child, SIGCONT);
  CHECK(support::wait_status(child) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "BA9 Barrier: more processes than parties, none is counted twice, left behind or told of a break") {
  for (int parties = 2; parties <= 3; ++parties) {
    const mp::Barrier barrier(parties);
    const mp::Value<int> tickets;
    const int passes = 3000 * parties;
    std::vector<pid_t> children;
    for (int i = 0; i < 2 * parties + 1; ++i) {
      children.push_back(support::fork_child([&] {
        while (tickets.fetch_add(1) < passes) barrier.wait();
        return 0;
      }));
    }
    for (const pid_t child : children) CHECK(support::wait_status(child) == 0);
    CHECK(barrier.n_waiting() == 0);
    CHECK_FALSE(barrier.broken());
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "K33 Barrier: one that is stopped while others pass often has passed, too") {
  const mp::Barrier barrier(2);
  const auto pass = [&](int times) {
    std::thread other([&] {
      for (int i = 0; i < times; ++i) barrier.wait();
    });
    for (int i = 0; i < times; ++i) barrier.wait();
    other.join();
  };
  for (int how = 0; how < 2; ++how) {
    const pid_t slow = support::fork_child([&] { return barrier.wait() >= 0 ? 0 : 1; });
    REQUIRE(support::eventually([&] { return barrier.n_waiting() == 1; }));
    ::kill(slow, SIGSTOP);
    CHECK_FALSE(is_broken_for(barrier));
    if (how == 0) {
      pass(200);
    } else {
      pass(4);
      barrier.reset();  // it ends no pass that was complete
      pass(4);
    }
    ::kill(slow, SIGCONT);
    CHECK(support::wait_status(slow) == 0);
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "K29 Barrier: nobody passes with one that has died while it waited") {
  const mp::Barrier barrier(2);
  for (int round = 0; round < 50; ++round) {
    const pid_t victim = support::fork_child([&] { return barrier.wait(); });
    REQUIRE(support::eventually([&] { return barrier.n_waiting() == 1; }));
    support::kill_and_reap(victim);
    if (round % 2 == 0) {
      CHECK(barrier.broken());
      CHECK(barrier.n_waiting() == 0);
    }
    CHECK(is_broken_for(barrier));
    barrier.reset();
  }
}
