// SPDX-License-Identifier: BSL-1.0
// Rows X17, X19, X20: many of something.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using Futures = std::vector<cf::Future<int>>;

namespace {

void replace_under_load(const support::ProcessKind& kind, int limit, int tasks) {
  cf::ProcessPoolOptions options;
  options.max_workers = 2;
  options.max_tasks_per_child = limit;
  auto pool = kind.pool(options);
  Futures futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(multiply, i, 3));
  int wrong = 0;
  for (int i = 0; i < tasks; ++i) wrong += futures[static_cast<std::size_t>(i)].result(60s) == 3 * i ? 0 : 1;
  CHECK(wrong == 0);
  const auto statistics = pool.statistics();
  CHECK(statistics.completed == static_cast<std::uint64_t>(tasks));
  CHECK(statistics.workers_lost == 0);
  const auto least = static_cast<std::uint64_t>(tasks / limit);
  CHECK(support::eventually([&] { return pool.statistics().workers_started >= least; }, kind.news_delay));
}

template <class Body>
double seconds(Body&& body) {
  const auto start = support::Clock::now();
  body();
  return std::chrono::duration<double>(support::Clock::now() - start).count();
}

/// Seconds of this thread's processor time, which other work on the machine does not change.
template <class Body>
double processor_seconds(Body&& body) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  body();
  return now() - start;
}

/// Takes `count` futures as they complete, by waiting for the first again and again.
double drain(std::size_t count) {
  Futures futures(count);
  return processor_seconds([&] {
    std::thread finisher([copy = futures]() mutable {
      for (auto& future : copy) future.set_result(1);
    });
    Futures left = futures;
    std::size_t taken = 0;
    while (!left.empty()) {
      auto [done, not_done] = cf::wait(left, cf::FIRST_COMPLETED);
      taken += done.size();
      left = std::move(not_done);
    }
    finisher.join();
    CHECK(taken == count);
  });
}

/// Tasks a second of empty tasks with so many workers.
double throughput(const support::ProcessKind& kind, int workers) {
  auto pool = kind.pool(workers);
  pool.warm_up(workers);
  pool.submit(multiply, 1, 1).result();
  constexpr int tasks = support::rounds(20'000);
  Futures futures;
  futures.reserve(tasks);
  return tasks / seconds([&] {
           for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(multiply, i, 1));
           cf::wait(futures);
         });
}

}  // namespace

EACH_PROCESS_POOL("X17 max_tasks_per_child: replacement under load loses no task") {
  for (int limit = 1; limit <= 5; ++limit) replace_under_load(kind, limit, support::rounds(100));
}

EACH_PROCESS_POOL("X17 max_tasks_per_child: replacement under a hundred thousand tasks loses none", "[long]") {
  for (int limit = 1; limit <= 5; ++limit) replace_under_load(kind, limit, 20'000);
}

TEST_CASE_METHOD(support::LeakChecked, "X19 wait: a loop of FIRST_COMPLETED over 100 000 futures grows near-linearly") {
  drain(1'000);
  const double small = std::min(drain(12'500), drain(12'500));
  const double large = std::min(drain(100'000), drain(100'000));
  INFO(small << " s for 12 500 and " << large << " s for 100 000 futures");
  CHECK(large < 30.0 * std::max(small, 0.002));  // 8 when linear, 64 when quadratic
  CHECK(large < 5.0 * support::slowness);
}

EACH_PROCESS_POOL("X20 throughput: two workers are no slower than one") {
  // The best of some runs each, taken in turn: the machine may have other work, which slows three processes more than
  // two. A pool that is slower with two workers is so in each of them. The bench measures it properly.
  double one = 0;
  double two = 0;
  for (int round = 0; round < 30; ++round) {
    one = std::max(one, throughput(kind, 1));
    two = std::max(two, throughput(kind, 2));
    const bool is_rough = SUPPORT_SANITIZED || kind.news_delay > 0s;  // over nodes more processes than processors run
    if (two >= one || (is_rough && two >= 0.6 * one)) break;
  }
  INFO(one << " tasks a second with one worker and " << two << " with two");
  CHECK(two >= 0.6 * one);
}
