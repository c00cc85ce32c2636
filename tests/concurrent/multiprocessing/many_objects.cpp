// SPDX-License-Identifier: BSL-1.0
// Small shared objects share mappings and descriptors.
#include <concurrent/multiprocessing/condition.hpp>
#include <concurrent/multiprocessing/detail/shared_block.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_event.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

namespace {

std::size_t open_descriptors() { return support::names_in("/proc/self/fd").size(); }

template <class T>
T again(const T& value) {
  return pickle::loads<T>(pickle::dumps(value));
}

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked,
                 "Value, Event, Lock, Array: 100 000 of each with 256 descriptors, in every process") {
  const pid_t child = support::fork_child([] {
    const rlimit limit{256, 256};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    std::vector<mp::Value<int>> values;
    std::vector<mp::Event> events;
    std::vector<mp::Lock> locks;
    std::vector<mp::Array<long>> arrays;
    for (int i = 0; i < 100'000; ++i) {
      values.emplace_back(i);
      events.emplace_back();
      locks.emplace_back();
      arrays.emplace_back(4, i);
    }
    const pid_t other = support::fork_child([&] {
      for (std::size_t i = 0; i < values.size(); i += 7) {
        const mp::Lock lock = again(locks[i]);
        const std::lock_guard guard(lock);
        again(events[i]).set();
        again(values[i]).fetch_add(1);
        again(arrays[i])[3] = 1;
      }
      return 0;
    });
    if (support::wait_status(other, 60) != 0) return 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool touched = i % 7 == 0;
      if (values[i].load() != static_cast<int>(i) + (touched ? 1 : 0) || events[i].is_set() != touched) return 2;
      if (arrays[i][2] != static_cast<long>(i) || (touched && arrays[i][3] != 1)) return 3;
    }
    return open_descriptors() < 60 ? 0 : 4;
  });
  CHECK(support::wait_status(child, 100) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "Condition: 1000 with 64 descriptors, in every process") {
  const pid_t child = support::fork_child([] {
    const rlimit limit{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    std::vector<mp::Condition> conditions(1000);
    const pid_t other = support::fork_child([&] {
      for (std::size_t i = 0; i < conditions.size(); i += 250) {
        const mp::Condition condition = again(conditions[i]);
        const std::lock_guard guard(condition);
        if (!condition.wait_for(std::chrono::seconds(50))) return 1;
      }
      return 0;
    });
    int status = 0;
    for (std::size_t i = 0; ::waitpid(other, &status, WNOHANG) == 0; i = (i + 250) % conditions.size()) {
      const std::lock_guard guard(conditions[i]);
      conditions[i].notify_all();
    }
    return status == 0 && open_descriptors() < 40 ? 0 : 1;
  });
  CHECK(support::wait_status(child, 100) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "Condition: one that takes the place of another is as new") {
  const mp::Condition keeps_the_arena;
  for (int i = 0; i < 20; ++i) {
    const mp::Condition condition;
    const std::lock_guard guard(condition);
    condition.notify_all();  // a waiter that it is said to have had would get this
    CHECK_FALSE(condition.wait_for(std::chrono::microseconds(1)));
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "AR2 shared blocks: used again as zeros, only when no other process can know of them") {
  const mp::Value<int> keeps_the_arena;
  const auto place = [](const mp::Value<int>& value) { return reinterpret_cast<std::uintptr_t>(&value.atomic()); };
  std::set<std::uintptr_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const mp::Value<int> value(i);
    seen.insert(place(value));
  }
  CHECK(seen.size() == 1);
  std::uintptr_t sent = 0;
  {
    const mp::Value<int> value(1);
    sent = place(value);
    CHECK(again(value).load() == 1);
  }
  const mp::Value<int> after_sent;
  CHECK(place(after_sent) != sent);
  std::uintptr_t copied = 0;
  {
    const mp::Value<int> value(2);
    copied = place(value);
    CHECK(support::wait_status(support::fork_child([] { return 0; })) == 0);
  }
  const mp::Value<int> after_fork;
  CHECK(place(after_fork) != copied);
  CHECK(after_fork.load() == 0);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "shared blocks: what its maker has let go of is refused, and lives where it had arrived") {
  const mp::Value<int> keeps_the_arena;
  std::vector<std::byte> bytes;
  std::vector<mp::Value<int>> arrived;
  {
    const mp::Value<int> value(5);
    bytes = pickle::dumps(value);
    const pid_t child = support::fork_child([&] {
      const auto here = pickle::loads<mp::Value<int>>(bytes);
      return here.load() == 5 ? 0 : 1;
    });
    CHECK(support::wait_status(child) == 0);
    arrived.push_back(pickle::loads<mp::Value<int>>(bytes));
  }
  CHECK(arrived[0].load() == 5);
  CHECK(support::contains(support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::Value<int>>(bytes); }),
                          "has let go of it"));
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "AR4 shared blocks: random sizes made and dropped overlap nowhere and are all given back") {
  std::mt19937 random(9);
  std::vector<mp::Array<unsigned char>> arrays;
  for (int step = 0; step < 5000; ++step) {
    if (random() % 3 != 0 || arrays.empty()) {
      arrays.emplace_back(1 + random() % 3000);
      const auto& made = arrays.back();
      REQUIRE(std::all_of(made.begin(), made.end(), [](unsigned char c) { return c == 0; }));
      std::fill(made.begin(), made.end(), static_cast<unsigned char>(made.size()));
    } else {
      std::swap(arrays[random() % arrays.size()], arrays.back());
      const auto& gone = arrays.back();
      REQUIRE(std::all_of(gone.begin(), gone.end(),
                          [&](unsigned char c) { return c == static_cast<unsigned char>(gone.size()); }));
      arrays.pop_back();
    }
  }
}

// Not HoldersChecked, which makes a mapping before the first arena.
TEST_CASE_METHOD(support::LeakChecked,
                 "shared blocks: a thread that makes arenas and one that forks never wait for each other") {
  const pid_t child = support::fork_child([] {
    mp::Event();  // arenas before any other mapping: the order in which fork handlers are registered is what is tried
    std::atomic<bool> stop{false};
    std::atomic<int> made{0};
    std::thread maker([&] {
      while (!stop.load()) {
        const mp::Value<int> value(1);  // the only one, so each makes an arena
        made.fetch_add(1);
      }
    });
    int failed = 0;
    for (int i = 0; i < 300; ++i) {
      const pid_t forked = ::fork();
      if (forked == 0) ::_exit(0);
      failed += support::wait_status(forked) != 0;
    }
    stop.store(true);
    maker.join();
    return failed == 0 && made.load() > 0 ? 0 : 1;
  });
  CHECK(support::wait_status(child, 60) == 0);
}
