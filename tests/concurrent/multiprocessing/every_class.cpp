// SPDX-License-Identifier: BSL-1.0
// What holds for every class of shared state: rows HX of the conformance of multiprocessing.
#include <concurrent/multiprocessing/barrier.hpp>
#include <concurrent/multiprocessing/condition.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/semaphore.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_event.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;
using mp::Acquired;

namespace {

struct Wait {
  const char* what;
  std::function<bool(std::chrono::nanoseconds)> in_vain;  // waits for what does not come; whether it says so
};

/// A wait of each class that has any, and somebody who holds what they wait for.
class EachWait {
 public:
  EachWait() : holder_(support::child_that_stays([this] { hold(); })) {}
  ~EachWait() { support::kill_and_reap(holder_); }
  const std::vector<Wait>& all() const { return all_; }

 private:
  void hold() const {
    lock_.acquire();
    nested_.acquire();
    bounded_.acquire();
  }

  mp::Lock lock_;
  mp::RLock nested_;
  mp::Semaphore semaphore_{0};
  mp::BoundedSemaphore bounded_{1};
  mp::Condition condition_;
  mp::Barrier barrier_{2};
  mp::Queue<int> queue_{1};
  mp::Event event_;
  pid_t holder_;
  std::vector<Wait> all_{
      {"Lock", [this](auto limit) { return lock_.acquire_for(limit) == Acquired::no; }},
      {"RLock", [this](auto limit) { return nested_.acquire_for(limit) == Acquired::no; }},
      {"Semaphore", [this](auto limit) { return semaphore_.acquire_for(limit) == Acquired::no; }},
      {"BoundedSemaphore", [this](auto limit) { return bounded_.acquire_for(limit) == Acquired::no; }},
      {"Condition",
       [this](auto limit) {
         const std::lock_guard guard(condition_);
         return !condition_.wait_for([] { return false; }, limit);
       }},
      {"Barrier",
       [this](auto limit) {
         barrier_.reset();
         try {
           barrier_.wait_for(limit);
           return false;
         } catch (const mp::BrokenBarrierError&) {
           return true;
         }
       }},
      {"Queue", [this](auto limit) { return !queue_.get_for(limit).has_value(); }},
      {"Event", [this](auto limit) { return !event_.wait_for(limit); }},
  };
};

bool takes_its_time(const Wait& wait, std::chrono::nanoseconds limit) {
  const auto start = support::Clock::now();
  if (!wait.in_vain(limit)) return false;
  const auto took = support::Clock::now() - start;
  return took >= limit && took < limit + 5s;
}

std::size_t mappings() {
  const std::string maps = support::read_text("/proc/self/maps");
  std::size_t count = 0;
  for (std::size_t at = 0; (at = maps.find("concurrent_futures", at)) != std::string::npos; ++at) ++count;
  return count;
}

int fork_on(const mp::Lock& lock, const mp::Queue<int>& queue, int generations) {
  const std::size_t files = support::names_in("/proc/self/fd").size();
  const std::size_t mapped = mappings();
  const pid_t child = support::fork_child([&] {
    lock.acquire();
    queue.put(generations);
    lock.release();
    if (support::names_in("/proc/self/fd").size() != files || mappings() != mapped) return generations;
    return generations == 1 ? 0 : fork_on(lock, queue, generations - 1);
  });
  const int status = support::wait_status(child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked,
                 "HX2 shared state: nothing is left of any class that two processes have used") {
  for (int round = 0; round < 2; ++round) {
    const EachWait each;  // and Value and Array
    const mp::Value<int> value;
    const mp::Array<int> array(3);
    const pid_t child = support::fork_child([&] {
      value.fetch_add(1);
      array[1] = 2;
      for (const Wait& wait : each.all()) {
        if (!wait.in_vain(1ms)) return 1;
      }
      return 0;
    });
    CHECK(support::wait_status(child) == 0);
    CHECK(value.load() + array[1] == 3);
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "HX3 shared state: a wait with a time limit takes that time, and not much more") {
  const EachWait each;
  for (const Wait& wait : each.all()) {
    INFO(wait.what);
    CHECK(takes_its_time(wait, 30ms));
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "HX4 shared state: signals neither end a wait nor prolong it") {
  const EachWait each;
  const support::Counter ready = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    support::let_it_interrupt(SIGUSR1);
    ready.add();
    int number = 0;
    for (const Wait& wait : each.all()) {
      ++number;
      if (!takes_its_time(wait, 15ms)) return number;
    }
    return 0;
  });
  ready.wait_until(1);
  CHECK(support::status_amid_signals(child) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "HX6 shared state: five generations of forks have no more than the first") {
  const mp::Lock lock;
  const mp::Queue<int> queue(8);
  lock.acquire();
  lock.release();
  CHECK(fork_on(lock, queue, 5) == 0);
  for (int i = 5; i >= 1; --i) CHECK(queue.get() == i);
}
