// SPDX-License-Identifier: BSL-1.0
// Rows T1 to T7, S8 to S13 and X9 for threads.
#include <pthread.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using namespace std::chrono_literals;

namespace {

std::size_t thread_count() { return support::names_in("/proc/self/task").size(); }

std::string thread_name() {
  std::array<char, 32> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return name.data();
}

std::vector<int> numbers(int n) {
  std::vector<int> list;
  for (int i = 0; i < n; ++i) list.push_back(i);
  return list;
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "T1 map: all tasks run though nobody iterates (thread)") {
  std::atomic<int> ran = 0;
  {
    cf::ThreadPoolExecutor pool(2);
    auto results = pool.map([&ran](int n) { ran += n; }, numbers(10));
    pool.shutdown();
    CHECK(ran == 45);
  }
}

TEST_CASE_METHOD(support::LeakChecked, "T2 max_workers: the default is the usable CPUs plus four and at most 32") {
  cf::ThreadPoolExecutor pool;
  CHECK(pool.max_workers() == std::min(32, mp::usable_cpu_count() + 4));
}

TEST_CASE_METHOD(support::LeakChecked, "T3 submit: sixty blocked tasks on four workers make exactly four threads") {
  const std::size_t before = thread_count();
  cf::ThreadPoolExecutor pool(4);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 60; ++i) futures.push_back(pool.submit(started_then_wait, started, gate, i));
  started.wait_until(4);
  CHECK(thread_count() == before + 4);
  CHECK(started.value() == 4);
  gate.open();
  for (int i = 0; i < 60; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == i);
}

TEST_CASE_METHOD(support::LeakChecked, "T4 submit: one after the other they use one thread") {
  const std::size_t before = thread_count();
  for (int round = 0; round < 50; ++round) {
    cf::ThreadPoolExecutor pool(8);
    std::set<pid_t> threads;
    for (int i = 0; i < 3; ++i) threads.insert(pool.submit([] { return ::gettid(); }).result());
    CHECK(threads.size() == 1);
    // The thread of the round before, joined by now, can be seen in /proc for an instant longer.
    CHECK(support::eventually([&] { return thread_count() == before + 1; }));
  }
}

TEST_CASE_METHOD(support::LeakChecked, "X9 submit: many one after the other use exactly one thread (thread)") {
  cf::ThreadPoolExecutor pool(8);
  std::set<pid_t> threads;
  for (int i = 0; i < 2000; ++i) threads.insert(pool.submit([] { return ::gettid(); }).result());
  CHECK(threads.size() == 1);
}

EACH_PROCESS_POOL("T5 ProcessPoolExecutor: fifty of them made while a thread pool keeps submitting all end") {
  constexpr int pools = support::rounds(50);
  cf::ThreadPoolExecutor threads(2);
  std::atomic<bool> stop = false;
  std::thread submitter([&] {
    while (!stop) threads.submit([] { return 1; }).result();
  });
  std::atomic<int> sum = 0;
  {
    cf::ThreadPoolExecutor makers(3);
    std::vector<cf::Future<void>> made;
    for (int i = 0; i < pools; ++i) {
      made.push_back(makers.submit([&] {
        auto pool = kind.pool(1);
        sum += pool.submit(multiply, 1, 1).result();
      }));
    }
    for (auto& future : made) future.result();
  }
  stop = true;
  submitter.join();
  CHECK(sum == pools);
}

TEST_CASE_METHOD(support::LeakChecked, "T6 fork: a child forked by a pool's thread ends and joins nobody") {
  cf::ThreadPoolExecutor pool(1);
  const int status = pool.submit([] {
                           const pid_t child = ::fork();
                           if (child == 0) ::_exit(0);
                           return support::wait_status(child);
                         })
                         .result();
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE_METHOD(support::LeakChecked, "T7 map: its timeout cancels the awaited future and those after it") {
  cf::ThreadPoolExecutor pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto saturating = pool.submit(started_then_wait, started, gate, 1);
  started.wait_until(1);
  auto results =
      pool.map(started_then_wait, std::vector(2, started), std::vector(2, gate), numbers(2), {.timeout = 0s});
  CHECK_THROWS_AS(*results.begin(), cf::TimeoutError);
  gate.open();
  CHECK(saturating.result() == 1);
  pool.shutdown();
  CHECK(started.value() == 1);
}

TEST_CASE_METHOD(support::LeakChecked, "S8 shutdown: three blocked tasks are three threads, gone after it") {
  const std::size_t before = thread_count();
  cf::ThreadPoolExecutor pool(5);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  for (int i = 0; i < 3; ++i) pool.submit(started_then_wait, started, gate, i);
  started.wait_until(3);
  CHECK(thread_count() == before + 3);
  gate.open();
  pool.shutdown();
  CHECK(support::eventually([&] { return thread_count() == before; }, 2s));
}

TEST_CASE_METHOD(support::LeakChecked,
                 "S9 ThreadPoolExecutor: a map in its scope is complete and its threads end with it") {
  const std::size_t before = thread_count();
  std::vector<int> results;
  {
    cf::ThreadPoolExecutor pool(5);
    results = pool.map([](int n) { return 5 - n; }, numbers(10)).to_vector();
  }
  CHECK(results.size() == 10);
  CHECK(results.front() == 5);
  CHECK(support::eventually([&] { return thread_count() == before; }, 2s));
}

TEST_CASE_METHOD(support::LeakChecked, "S10 ~ThreadPoolExecutor: right after a map all results are computed") {
  const std::size_t before = thread_count();
  std::optional<cf::MapResult<int>> results;
  {
    cf::ThreadPoolExecutor pool(5);
    results.emplace(pool.map([](int n) { return 5 - n; }, numbers(10)));
  }
  CHECK(support::eventually([&] { return thread_count() == before; }, 2s));
  CHECK(results->to_vector() == std::vector{5, 4, 3, 2, 1, 0, -1, -2, -3, -4});
}

TEST_CASE_METHOD(support::LeakChecked,
                 "S11 shutdown: without waiting the threads end by themselves with all results computed (thread)") {
  const std::size_t before = thread_count();
  cf::ThreadPoolExecutor pool(5);
  const auto gate = support::Gate::make();
  auto results = pool.map(
      [](int n, support::Gate wait) {
        wait.wait();
        return n;
      },
      numbers(10), std::vector(10, gate));
  pool.shutdown(false);
  gate.open();
  CHECK(results.to_vector() == numbers(10));
  CHECK(support::eventually([&] { return thread_count() == before; }, 5s));
}

TEST_CASE_METHOD(support::LeakChecked, "S12 thread_name_prefix: threads are called prefix_0 and so on") {
  cf::ThreadPoolExecutor pool({.max_workers = 5, .thread_name_prefix = "SpecialPool"});
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<std::string>> names;
  for (int i = 0; i < 5; ++i) {
    names.push_back(pool.submit([&] {
      started.add();
      gate.wait();
      return thread_name();
    }));
  }
  started.wait_until(5);
  gate.open();
  std::set<std::string> seen;
  for (auto& name : names) seen.insert(name.result());
  CHECK(seen ==
        std::set<std::string>{"SpecialPool_0", "SpecialPool_1", "SpecialPool_2", "SpecialPool_3", "SpecialPool_4"});
}

TEST_CASE_METHOD(support::LeakChecked, "S13 thread names: by default each is sane and its own, also between pools") {
  cf::ThreadPoolExecutor one(2);
  cf::ThreadPoolExecutor other(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  std::vector<cf::Future<std::string>> names;
  const auto task = [&] {
    started.add();
    gate.wait();
    return thread_name();
  };
  for (int i = 0; i < 2; ++i) {
    names.push_back(one.submit(task));
    names.push_back(other.submit(task));
  }
  started.wait_until(4);
  gate.open();
  std::set<std::string> seen;
  for (auto& name : names) seen.insert(name.result());
  CHECK(seen.size() == 4);
  for (const std::string& name : seen) {
    CHECK(name.size() > 2);
    CHECK(name.find('_') != std::string::npos);
  }
}
