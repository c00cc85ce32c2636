// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: calls that wait, calls that are cancelled, and what is counted.
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/tasks.hpp"

using namespace std::chrono_literals;
using support::hold;
using support::twice;

namespace {

/// An argument that counts its copies in the worker, so that a test sees how far a call has come.
template <class Pool>
std::vector<cf::Future<int>> fill(Pool& pool, support::Counter started, support::Gate gate, int count) {
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < count; ++i) futures.push_back(pool.submit(hold, started, gate, i));
  return futures;
}

}  // namespace

EACH_PROCESS_POOL("cancel: every call that no worker has taken can be cancelled, wherever it waits") {
  auto pool = kind.pool(2);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = fill(pool, started, gate, 2);
  started.wait_until(2);
  auto waiting = fill(pool, started, gate, 20);
  auto last = pool.submit(twice, 21);
  for (auto& future : waiting) {
    CHECK(future.cancel());
    CHECK(future.done());
    CHECK_THROWS_AS(future.result(), cf::CancelledError);
  }
  for (auto& future : running) CHECK_FALSE(future.cancel());
  gate.open();
  CHECK(last.result() == 42);
  CHECK(started.value() == 2);
  CHECK(pool.statistics().cancelled == 20);
}

EACH_PROCESS_POOL("cancel: a cancelled call makes room, and those behind it move up") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = fill(pool, started, gate, 1);
  started.wait_until(1);
  std::vector<cf::Future<int>> kept;
  for (int round = 0; round < 200; ++round) {  // many times the queue's capacity
    auto dropped = pool.submit(hold, started, gate, round);
    if (round % 10 == 0) kept.push_back(pool.submit(twice, round));
    CHECK(dropped.cancel());
  }
  gate.open();
  for (std::size_t i = 0; i < kept.size(); ++i) CHECK(kept[i].result() == static_cast<int>(20 * i));
  CHECK(started.value() == 1);
}

EACH_PROCESS_POOL("cancel: racing with the workers, each call either runs or is cancelled, never both") {
  auto pool = kind.pool(2);
  const auto ran = support::Word::make_array(2000);
  const auto task = [](support::Word word, std::uint32_t i) { word.at(i).get().fetch_add(1); };
  std::vector<cf::Future<void>> futures;
  std::uint32_t cancelled = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    futures.push_back(pool.submit(task, ran, i));
    if (i >= 3 && i % 2 == 0) cancelled += futures[i - 3].cancel() ? 1U : 0U;
  }
  pool.shutdown();
  int wrong = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    REQUIRE(futures[i].done());
    if (ran.at(i).get().load() != (futures[i].cancelled() ? 0U : 1U)) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(pool.statistics().cancelled == cancelled);
}

EACH_PROCESS_POOL("extra_queued_calls: a pool with none of them, and one with many, work the same") {
  for (const int extra : {0, 1, 100}) {
    auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 2, .extra_queued_calls = extra});
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 300; ++i) futures.push_back(pool.submit(twice, i));
    for (int i = 0; i < 300; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == 2 * i);
  }
}

EACH_PROCESS_POOL("call queue: it never holds more than max_workers and one calls") {
  // A worker that is killed takes nothing with it, and what waited in the queue or behind it is resolved.
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto futures = fill(pool, started, gate, 50);
  started.wait_until(1);
  CHECK(pool.pending_work_items() == 50);
  gate.open();
  for (auto& future : futures) future.result();
  CHECK(started.value() == 50);
  CHECK(support::eventually([&] { return pool.pending_work_items() == 0; }, 5s));
}

EACH_PROCESS_POOL("pending_work_items: what was submitted and is not done") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  CHECK(pool.pending_work_items() == 0);
  auto futures = fill(pool, started, gate, 5);
  CHECK(pool.pending_work_items() == 5);
  CHECK(futures[4].cancel());
  CHECK(support::eventually([&] { return pool.pending_work_items() == 4; }, 5s));
  gate.open();
  for (int i = 0; i < 4; ++i) futures[static_cast<std::size_t>(i)].result();
  CHECK(support::eventually([&] { return pool.pending_work_items() == 0; }, 5s));
}

EACH_PROCESS_POOL("statistics: they count what was submitted, how it ended, workers and bytes") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = pool.submit(hold, started, gate, 1);
  started.wait_until(1);
  auto dropped = pool.submit(twice, 1);
  CHECK(dropped.cancel());
  gate.open();
  running.result();
  CHECK(pool.submit([](std::string text) { return text + text; }, std::string(10'000, 'x')).result().size() == 20'000);
  CHECK_THROWS(pool.submit([]() -> int { throw std::runtime_error("no"); }).result());
  pool.shutdown();
  const cf::PoolStatistics counted = pool.statistics();
  CHECK(counted.submitted == 4);
  CHECK(counted.completed == 2);
  CHECK(counted.failed == 1);
  CHECK(counted.cancelled == 1);
  CHECK(counted.workers_started == 1);
  CHECK(counted.workers_lost == 0);
  CHECK(counted.bytes_to_workers >= 10'000);
  CHECK(counted.bytes_to_workers < 20'000);
  CHECK(counted.bytes_from_workers >= 20'000);
  CHECK(counted.bytes_from_workers < 30'000);
}

EACH_PROCESS_POOL("add_done_callback: it runs once, in the caller's process, also for a cancelled call") {
  auto pool = kind.pool(1);
  const auto started = support::Counter::make();
  const auto gate = support::Gate::make();
  auto running = pool.submit(hold, started, gate, 1);
  started.wait_until(1);
  auto dropped = pool.submit(twice, 1);
  std::atomic<int> finished = 0;
  std::atomic<int> cancelled = 0;
  std::atomic<pid_t> process = 0;
  running.add_done_callback([&](cf::Future<int> future) {
    process = ::getpid();
    finished += future.result();
  });
  dropped.add_done_callback([&](cf::Future<int> future) { cancelled += future.cancelled() ? 1 : 0; });
  CHECK(dropped.cancel());
  CHECK(cancelled == 1);
  gate.open();
  pool.shutdown();
  CHECK(finished == 1);
  CHECK(cancelled == 1);
  CHECK(process == ::getpid());
}

EACH_PROCESS_POOL("add_done_callback: a callback may submit, and the follow-up runs") {
  auto pool = kind.pool(1);
  std::vector<cf::Future<int>> follow_ups;
  std::mutex lock;
  for (int i = 0; i < 20; ++i) {
    pool.submit(twice, i).add_done_callback([&](cf::Future<int> future) {
      const std::lock_guard guard(lock);
      follow_ups.push_back(pool.submit(twice, future.result()));
    });
  }
  CHECK(support::eventually([&] {
    const std::lock_guard guard(lock);
    return follow_ups.size() == 20;
  }));
  int sum = 0;
  for (auto& future : follow_ups) sum += future.result(10s);
  CHECK(sum == 4 * 190);
}
