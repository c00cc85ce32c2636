// SPDX-License-Identifier: BSL-1.0
// How much waits, and what comes first: max_pending, try_submit, QueueFull, priority, set_max_workers.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <concurrent/futures.hpp>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/processes.hpp"
#include "support/sanitizers.hpp"
#include "support/shared.hpp"
#include "support/tasks.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;
using support::held;
using support::message_of;
using support::twice;

namespace {

cf::ThreadPoolExecutor threads(int workers, std::size_t most) {
  return cf::ThreadPoolExecutor({.max_workers = workers, .max_pending = most});
}
cf::ProcessPoolExecutor processes(int workers, std::size_t most) {
  return cf::ProcessPoolExecutor({.max_workers = workers, .max_pending = most});
}

/// A task that runs until it is let go, and says that it runs.

/// Fills a pool of one worker: one call runs, the call queue (of `queue` calls) is full, and `most` others wait.
template <class Pool>
std::vector<cf::Future<int>> fill(Pool& pool, int queue, int most) {
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < queue + most; ++i) {
    auto future = pool.try_submit(twice, i);
    REQUIRE(future.has_value());
    futures.push_back(*future);
  }
  CHECK_FALSE(pool.try_submit(twice, 0).has_value());
  CHECK_FALSE(pool.try_submit(cf::TaskOptions{.label = "x"}, twice, 0).has_value());
  return futures;
}

template <class Pool>
void blocks_and_goes_on(Pool& pool, int queue) {
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  const auto first = pool.submit(held, running, gate);
  running.wait_until(1);
  auto futures = fill(pool, queue, 3);
  std::atomic<int> submitted{0};
  std::thread submitter([&] {
    for (int i = 0; i < 50; ++i) {
      if (pool.submit(twice, i).result() == 2 * i) submitted.fetch_add(1);
    }
  });
  CHECK(submitted == 0);
  gate.add(1);
  submitter.join();
  for (int i = 0; i < static_cast<int>(futures.size()); ++i)
    CHECK(futures[static_cast<std::size_t>(i)].result() == 2 * i);
  CHECK(submitted == 50);
  CHECK(pool.try_submit(twice, 4)->result() == 8);
}

/// Runs `end` while a thread waits for room, and returns what that thread's submit threw.
template <class Pool, class End>
std::string thrown_while_waiting(Pool& pool, int queue, End end) {
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  const auto first = pool.submit(held, running, gate);
  running.wait_until(1);
  const auto futures = fill(pool, queue, 2);
  std::string thrown;
  std::thread submitter([&] { thrown = message_of<cf::RuntimeError>([&] { pool.submit(twice, 1); }); });
  end();
  submitter.join();
  gate.add(1);
  return thrown;
}

/// When an urgent call begins that was submitted after so many others, to a pool with two workers: 1 is first.
template <class Pool>
std::uint32_t turn_of_urgent_behind(Pool& pool, int others) {
  const auto clock = support::Counter::make();
  const auto stamp = [](support::Counter word) { return word.add(1); };
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  for (int i = 0; i < 2; ++i) pool.submit(held, running, gate);
  running.wait_until(2);
  for (int i = 0; i < others; ++i) pool.submit(stamp, clock);
  const auto urgent = pool.submit({.priority = 1}, stamp, clock);
  gate.add(1);
  return urgent.result();
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "max_pending: 0 is refused, with the argument's name") {
  CHECK(message_of<std::invalid_argument>([] { threads(1, 0); }).find("max_pending is 0") != std::string::npos);
  CHECK(message_of<std::invalid_argument>([] { processes(1, 0); }).find("max_pending is 0") != std::string::npos);
}

TEST_CASE_METHOD(support::LeakChecked, "max_pending: submit waits for room, and try_submit returns nothing (process)") {
  auto pool = processes(1, 3);
  blocks_and_goes_on(pool, 2);
}
TEST_CASE_METHOD(support::LeakChecked, "max_pending: submit waits for room, and try_submit returns nothing (thread)") {
  auto pool = threads(1, 3);
  blocks_and_goes_on(pool, 0);
}

TEST_CASE_METHOD(support::LeakChecked, "try_submit: what finds no room keeps its arguments") {
  auto pool = threads(1, 1);
  std::atomic<bool> open{false};
  std::atomic<bool> runs{false};
  pool.submit([&] {
    runs = true;
    runs.notify_all();
    open.wait(false);
  });
  runs.wait(false);
  auto argument = std::make_unique<int>(5);
  const auto take = [](std::unique_ptr<int> given) { return *given; };
  pool.submit([] {});
  CHECK_FALSE(pool.try_submit(take, std::move(argument)).has_value());
  REQUIRE(argument != nullptr);
  open = true;
  open.notify_all();
  CHECK(pool.submit(take, std::move(argument)).result() == 5);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "max_pending: shutdown and a break wake who waits, with what submit throws then") {
  SECTION("shutdown of processes") {
    auto pool = processes(1, 2);
    const std::string text = thrown_while_waiting(pool, 2, [&] { pool.shutdown(false, true); });
    CHECK(text.find("after shutdown") != std::string::npos);
  }
  SECTION("killed processes") {
    auto pool = processes(1, 2);
    const std::string text = thrown_while_waiting(pool, 2, [&] { pool.kill_workers(); });
    CHECK(text.find("kill_workers") != std::string::npos);
  }
  SECTION("a pool that breaks") {
    auto pool = processes(1, 2);
    const std::string text = thrown_while_waiting(pool, 2, [&] { ::kill(pool.processes().at(0), SIGKILL); });
    CHECK(text.find("SIGKILL") != std::string::npos);
  }
  SECTION("shutdown of threads") {
    auto pool = threads(1, 2);
    const std::string text = thrown_while_waiting(pool, 0, [&] { pool.shutdown(false, true); });
    CHECK(text.find("after shutdown") != std::string::npos);
  }
}

namespace {

/// How many calls there were at the most between their submission and their callback, which takes longer than they do.
template <class Pool>
int most_before_slow_callbacks(Pool& pool, bool tries) {
  std::atomic<int> called{0};
  int most = 0;
  for (int i = 0; i < 400; ++i) {
    std::optional<cf::Future<int>> future;
    if (tries) {
      while (!(future = pool.try_submit(twice, i)).has_value()) std::this_thread::yield();
    } else {
      future = pool.submit(twice, i);
    }
    future->add_done_callback([&](const auto&) {
      const auto end = support::Clock::now() + 200us;
      while (support::Clock::now() < end) std::this_thread::yield();
      called.fetch_add(1);
    });
    most = (std::max)(most, i + 1 - called.load());
  }
  pool.shutdown();
  CHECK(called == 400);
  return most;
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "max_pending: slow callbacks hold up who submits (process)") {
  const bool tries = GENERATE(false, true);
  auto pool = processes(1, 10);
  CHECK(most_before_slow_callbacks(pool, tries) < 100);
}
TEST_CASE_METHOD(support::LeakChecked, "max_pending: slow callbacks hold up who submits (thread)") {
  const bool tries = GENERATE(false, true);
  auto pool = threads(1, 10);
  CHECK(most_before_slow_callbacks(pool, tries) < 100);
}

namespace {

/// The manager runs a callback until what this returns is opened.
template <class Pool>
support::Gate hold_manager(Pool& pool) {
  const support::Gate gate = support::Gate::make();
  const support::Counter running = support::Counter::make();
  const support::Counter added = support::Counter::make();  // first: of a call that is done it runs in this thread
  std::atomic<bool> holds{false};
  pool.submit(held, running, added).add_done_callback([&holds, gate](const auto&) {
    holds = true;
    gate.wait();
  });
  added.add();
  REQUIRE(support::eventually([&] { return holds.load(); }));
  return gate;
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked,
                 "max_pending: calls that call nobody back do not count among slow callbacks (process)") {
  auto pool = processes(1, 2);
  const support::Gate manager = hold_manager(pool);
  for (int i = 0; i < 5; ++i) {
    auto call = pool.try_submit(twice, i);
    REQUIRE(call.has_value());
    CHECK(call->result(20s) == 2 * i);
  }
  manager.open();
}

TEST_CASE_METHOD(support::LeakChecked, "max_pending: who submits may hold a lock that callbacks need (process)") {
  auto pool = processes(1, 2);
  std::mutex mutex;
  std::atomic<int> called{0};
  const auto submitter = std::this_thread::get_id();  // which a callback of a call that is done already runs in
  {
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 5; ++i)
      pool.submit(twice, i).add_done_callback([&](const auto&) {
        std::unique_lock needed(mutex, std::defer_lock);
        if (std::this_thread::get_id() != submitter) needed.lock();
        called.fetch_add(1);
      });
  }
  pool.shutdown();
  CHECK(called == 5);
}

namespace {

template <class Pool>
std::string submits_in_callback(Pool& pool, int queue, bool& tried) {
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  std::string thrown;
  std::atomic<bool> called{false};
  auto first = pool.submit(held, running, gate);
  running.wait_until(1);
  auto futures = fill(pool, queue, 2);
  const auto second_running = support::Counter::make();
  const auto second_gate = support::Counter::make();
  // Behind the callback everything waits, so that there is no room while it runs.
  first.add_done_callback([&](const auto&) {
    thrown = message_of<cf::QueueFull>([&] {
      for (int i = 0; i < 100; ++i) pool.submit(held, second_running, second_gate);
    });
    tried = pool.try_submit(twice, 1).has_value();
    called = true;
    called.notify_all();
  });
  gate.add(1);
  called.wait(false);
  second_gate.add(1);
  return thrown;
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "QueueFull: submit in a callback, where waiting would wait for itself") {
  bool tried = true;
  {
    auto pool = processes(1, 2);
    const std::string text = submits_in_callback(pool, 2, tried);
    CHECK(text.find("2 calls (max_pending) wait already") != std::string::npos);
    CHECK(text.find("try_submit") != std::string::npos);
  }
  {
    auto pool = threads(1, 2);
    const std::string text = submits_in_callback(pool, 0, tried);
    CHECK(text.find("2 calls (max_pending) wait already") != std::string::npos);
    CHECK_FALSE(tried);
  }
}

TEST_CASE_METHOD(support::LeakChecked, "QueueFull: can be made from a text, and crosses between processes") {
  cf::ProcessPoolExecutor pool(1);
  const auto fails = []() -> int { throw cf::QueueFull("full"); };
  CHECK(message_of<cf::QueueFull>([&] { pool.submit(fails).result(); }) == "full");
}

namespace {

template <class Pool>
void maps(Pool& pool) {
  std::vector<int> items(300);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> expected;
  for (const int item : items) expected.push_back(2 * item);
  CHECK(pool.map(twice, items).to_vector() == expected);
  CHECK(pool.map(twice, items, {.chunksize = 7}).to_vector() == expected);
  CHECK(pool.map(twice, items, {.chunksize = cf::auto_chunksize}).to_vector() == expected);
  CHECK(pool.map(twice, items, {.buffersize = 20}).to_vector() == expected);
  auto any_order = pool.map_unordered(twice, items).to_vector();
  std::sort(any_order.begin(), any_order.end());
  CHECK(any_order == expected);
  // Two at once, of which one is not read before the other has ended.
  auto first = pool.map(twice, items);
  CHECK(pool.map(twice, items).to_vector() == expected);
  CHECK(first.to_vector() == expected);
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "map: flows through max_pending, whatever its options (process)") {
  auto pool = processes(2, 3);
  maps(pool);
}
TEST_CASE_METHOD(support::LeakChecked, "map: flows through max_pending, whatever its options (thread)") {
  auto pool = threads(2, 3);
  maps(pool);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "map: what nobody reads still runs, and shutdown submits the rest, past max_pending") {
  const auto count = support::Counter::make();
  {
    auto pool = processes(1, 2);
    std::vector<support::Counter> words(40, count);
    pool.map([](support::Counter word) { word.add(1); }, words);
  }
  CHECK(count.value() == 40);
}

namespace {

template <class Pool>
void priorities(Pool& pool, int queue) {
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  const auto clock = support::Counter::make();
  const auto first = pool.submit(held, running, gate);
  running.wait_until(1);
  const auto stamp = [](support::Counter word) { return word.add(1); };
  std::vector<cf::Future<std::uint32_t>> ahead;  // in the call queue: nobody overtakes these
  for (int i = 0; i < queue; ++i) ahead.push_back(pool.submit(stamp, clock));
  const auto late = pool.submit({.priority = -1}, stamp, clock);
  const auto plain_1 = pool.submit(stamp, clock);
  const auto urgent_1 = pool.submit({.priority = 7}, stamp, clock);
  const auto plain_2 = pool.submit(stamp, clock);
  const auto urgent_2 = pool.submit({.priority = 7}, stamp, clock);
  auto dropped = pool.submit({.priority = 9}, stamp, clock);
  CHECK(dropped.cancel());
  const auto most_urgent = pool.submit({.priority = 8}, stamp, clock);
  gate.add(1);
  std::vector<std::uint32_t> order;
  for (const auto& future : ahead) order.push_back(future.result());
  for (const auto* future : {&most_urgent, &urgent_1, &urgent_2, &plain_1, &plain_2, &late})
    order.push_back(future->result());
  CHECK(std::is_sorted(order.begin(), order.end()));
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked,
                 "priority: a greater one starts first, equal ones in the order of submission (process)") {
  cf::ProcessPoolExecutor pool(1);
  priorities(pool, 2);
}
TEST_CASE_METHOD(support::LeakChecked,
                 "priority: a greater one starts first, equal ones in the order of submission (thread)") {
  cf::ThreadPoolExecutor pool(1);
  priorities(pool, 0);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "ThreadPoolExecutor.set_max_workers: more start for what waits, and what is too many leaves") {
  cf::ThreadPoolExecutor pool(1);
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(held, running, gate));
  running.wait_until(1);
  pool.set_max_workers(6);
  CHECK(pool.max_workers() == 6);
  running.wait_until(6);
  gate.add(1);
  for (const auto& future : futures) future.result();
  pool.set_max_workers(2);
  CHECK(support::eventually([&] { return fmt::format("{}", pool).find(": 2 workers") != std::string::npos; }, 10s));
  for (int i = 0; i < 300; ++i) {
    pool.set_max_workers(1 + i % 8);
    CHECK(pool.submit(twice, i).result() == 2 * i);
  }
  CHECK(message_of<std::invalid_argument>([&] { pool.set_max_workers(0); }).find("greater than 0") !=
        std::string::npos);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "priority: an urgent call behind two thousand others begins after at most the call queue's") {
  cf::ProcessPoolExecutor pool(2);
  CHECK(turn_of_urgent_behind(pool, 2000) <= 3 + 1 + 2);  // the queue, itself, and what another worker begins meanwhile
}

TEST_CASE_METHOD(support::LeakChecked,
                 "ProcessPoolExecutor.set_max_workers: idle ones leave now, busy ones after their task") {
  cf::ProcessPoolExecutor pool(4);
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  pool.set_max_workers(2);
  CHECK(pool.max_workers() == 2);
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit(held, running, gate));
  running.wait_until(2);
  CHECK(pool.processes().size() == 2);
  pool.set_max_workers(4);
  running.wait_until(4);
  CHECK(pool.processes().size() == 4);
  pool.set_max_workers(1);  // all are busy
  CHECK(pool.processes().size() == 1);
  gate.add(1);
  for (const auto& future : futures) future.result();
  CHECK(pool.submit(twice, 3).result() == 6);
  CHECK(pool.statistics().workers_lost == 0);
  CHECK_THROWS_AS(pool.set_max_workers(0), std::invalid_argument);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "submit: on its way it takes the results that have come, where nobody else does") {
  cf::ProcessPoolExecutor pool(1);
  const support::Gate manager = hold_manager(pool);
  const auto first = pool.submit(twice, 2);
  CHECK(support::eventually([&] { return fmt::format("{}", pool).find("(0 busy), 0 queued") != std::string::npos; }));
  CHECK_FALSE(first.done());
  const auto second = pool.submit(twice, 3);
  CHECK(first.done());
  manager.open();
  CHECK(second.result() == 6);
}

EACH_PROCESS_POOL("ProcessPoolExecutor.set_max_workers: more than the first number, and back") {
  auto pool = kind.pool(2);
  const auto sizes = [](std::size_t n) { return std::string(n, 'x'); };
  CHECK(pool.submit(sizes, std::size_t{1}).result().size() == 1);
  for (const int workers : {16, 3, 64, 1}) {
    pool.set_max_workers(workers);
    CHECK(pool.max_workers() == workers);
    const auto running = support::Counter::make();
    const auto gate = support::Counter::make();
    std::vector<cf::Future<void>> futures;
    for (int i = 0; i < 70; ++i) futures.push_back(pool.submit(held, running, gate));
    running.wait_until(static_cast<std::uint32_t>(workers));  // all at the same time
    CHECK(pool.processes().size() == static_cast<std::size_t>(workers));
    CHECK(running.value() == static_cast<std::uint32_t>(workers));
    gate.add(1);
    for (const auto& future : futures) future.result();
    std::vector<cf::Future<std::string>> large;  // in blocks of their workers' own
    for (std::size_t i = 0; i < 70; ++i) large.push_back(pool.submit(sizes, 100'000 + i));
    for (std::size_t i = 0; i < 70; ++i) CHECK(large[i].result().size() == 100'000 + i);
  }
  const std::string text = message_of<std::invalid_argument>([&] { pool.set_max_workers(65); });
  CHECK(text.find("from 1 to 64") != std::string::npos);
  CHECK(pool.max_workers() == 1);
  CHECK(pool.statistics().workers_lost == 0);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "ProcessPoolExecutor.set_max_workers: workers for what waits are asked for at once") {
  cf::ProcessPoolExecutor pool(1);
  const auto running = support::Counter::make();
  const auto gate = support::Counter::make();
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(held, running, gate));
  running.wait_until(1);
  pool.set_max_workers(9);
  CHECK(pool.statistics().workers_started == 9);
  gate.add(1);
}

TEST_CASE_METHOD(support::LeakChecked, "ProcessPoolExecutor.set_max_workers: to four times a number above 16") {
  cf::ProcessPoolExecutor pool(20);
  pool.set_max_workers(80);
  CHECK(pool.submit(twice, 4).result() == 8);
  const std::string text = message_of<std::invalid_argument>([&] { pool.set_max_workers(81); });
  CHECK(text.find("from 1 to 80: 64, or four times") != std::string::npos);
}

EACH_PROCESS_POOL("ProcessPoolExecutor.set_max_workers: more, where each worker has one task") {
  auto pool = kind.pool(cf::ProcessPoolOptions{.max_workers = 1, .max_tasks_per_child = 1});
  for (const int workers : {1, 8, 2, 9}) {
    pool.set_max_workers(workers);
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 40; ++i) futures.push_back(pool.submit(twice, i));
    for (int i = 0; i < 40; ++i) CHECK(futures[static_cast<std::size_t>(i)].result() == 2 * i);
  }
  CHECK(pool.statistics().workers_lost == 0);
}

namespace {

/// Every change meets calls that are waiting, claimed, running or done.
void resize(int changes) {
  cf::ProcessPoolExecutor pool({.max_workers = 6, .max_pending = 50});
  const auto count = support::Counter::make();
  std::vector<cf::Future<int>> futures;
  const auto task = [](support::Counter counter, int i) {
    counter.add(1);
    return i;
  };
  for (int i = 0; i < changes * 5; ++i) {
    if (i % 5 == 0) pool.set_max_workers(1 + i * 7 / 5 % 6);
    futures.push_back(pool.submit(task, count, i));
  }
  int wrong = 0;
  for (int i = 0; i < changes * 5; ++i) wrong += futures[static_cast<std::size_t>(i)].result() == i ? 0 : 1;
  CHECK(wrong == 0);
  CHECK(count.value() == static_cast<std::uint32_t>(changes * 5));  // nothing lost, nothing twice
  CHECK(pool.statistics().workers_lost == 0);
}

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "ProcessPoolExecutor.set_max_workers: amid calls, nothing is lost or doubled") {
  resize(40);
}
TEST_CASE("ProcessPoolExecutor.set_max_workers: ten thousand changes", "[long]") { resize(10'000); }

namespace {

/// The caller's resident memory in KiB.
long resident() { return std::stol(support::status_field("self", "VmRSS")); }

/// Submits as fast as there is room. What the caller keeps must not grow with the number of calls.
template <class Pool>
void submit_many(Pool& pool, std::uint64_t calls) {
  const support::DeadlineGuard deadline("many submits", 1700s);
  std::atomic<std::uint64_t> done{0};
  const auto submit = [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      pool.submit([](std::uint64_t x) { return x; }, i).add_done_callback([&](const cf::Future<std::uint64_t>&) {
        done.fetch_add(1, std::memory_order_relaxed);
      });
  };
  submit(calls / 10);  // whatever has a size of its own has it by now
  const long before = resident();
  long most = before;
  for (int part = 0; part < 9; ++part) {
    submit(calls / 10);
    most = (std::max)(most, resident());
  }
  pool.shutdown();
  CHECK(done == calls / 10 * 10);
  INFO("KiB before: " << before << ", at the most: " << most);
  if (support::slowness == 1) CHECK(most - before <= 1024);
}

/// Behind a million calls an urgent one is kept waiting by none but those in the call queue and what runs.
template <class Pool>
void urgent_behind_many(Pool& pool, std::uint32_t ahead) {
  const support::DeadlineGuard deadline("an urgent call behind a million", 600s);
  CHECK(turn_of_urgent_behind(pool, 1'000'000) <= ahead + 1 + 2);  // itself, and what another worker begins meanwhile
  pool.shutdown(true, true);
}

/// What each call has left: how often it was begun, and how often it came to its end. A ring, of which those on their
/// way are a part.
struct Traces {
  static constexpr int size = 4096;
  support::Word first = support::Word::make_array(size);

  std::atomic<std::uint32_t>& of(int call) const { return first.at(static_cast<std::uint32_t>(call % size)).get(); }
  static std::uint32_t begun(std::uint32_t trace) { return trace & 0xFFFF; }
  static std::uint32_t ended(std::uint32_t trace) { return trace >> 16; }
};

/// Long enough to be hit by a kill.
int leave_traces(Traces traces, int call) {
  traces.of(call).fetch_add(1);
  std::this_thread::sleep_for(std::chrono::microseconds(1000 + call * 37 % 4000));
  traces.of(call).fetch_add(1U << 16);
  return call;
}

/// Workers are killed from outside, most of them in the middle of a task, while their number changes. Every second call
/// may be done again. `first`: for how many workers the pool is made.
void resize_amid_kills(int first, int changes) {
  const support::DeadlineGuard deadline("changes of size amid kills", 1700s);
  cf::ProcessPoolExecutor pool({.max_workers = first,
                                .on_worker_death = cf::WorkerDeathPolicy::fail_task,
                                .restart_limit = {.count = 1'000'000},
                                .max_pending = 200});
  support::CapturedLog log;
  const Traces traces;
  std::vector<cf::Future<int>> futures;
  std::minstd_rand random(3);
  int kills = 0;
  int died = 0;
  int again = 0;
  int wrong = 0;
  std::size_t next = 0;
  const auto look = [&](std::size_t until) {
    for (; next < until; ++next) {
      const int call = static_cast<int>(next);
      const bool may_be_again = call % 2 == 1;
      try {
        if (futures[next].result(support::patience) != call) ++wrong;
        const std::uint32_t trace = traces.of(call);
        const auto begun = static_cast<int>(Traces::begun(trace));
        if (Traces::ended(trace) == 0 || begun == 0 || (begun > 1 && !may_be_again)) ++wrong;
        again += begun - 1;
      } catch (const cf::WorkerDied&) {
        ++died;
        if (Traces::begun(traces.of(call)) > 1 || may_be_again) ++wrong;
      }
      traces.of(call) = 0;
      futures[next] = {};
    }
  };
  for (int i = 0; i < changes; ++i) {
    pool.set_max_workers(1 + static_cast<int>(random() % 64));
    for (int k = 0; k < 8; ++k) {
      const int call = static_cast<int>(futures.size());
      futures.push_back(pool.submit({.retries = call % 2 == 1 ? 1000 : 0}, leave_traces, traces, call));
    }
    const auto workers = pool.processes();
    if (!workers.empty() && ::kill(workers[random() % workers.size()], SIGKILL) == 0) ++kills;
    if (futures.size() - next > 1000) look(futures.size() - 500);
  }
  look(futures.size());
  pool.shutdown();
  CHECK(wrong == 0);
  CHECK(died + again <= kills);
  INFO(kills << " kills, of which " << died << " failed a call and " << again << " had one done again");
  if (support::slowness == 1) {  // a test whose kills hit nothing would show nothing
    CHECK(died + again >= kills / 10);
    CHECK(died > 0);
    CHECK(again > 0);
  }
  const auto statistics = pool.statistics();
  CHECK(statistics.submitted == static_cast<std::uint64_t>(changes) * 8);
  CHECK(statistics.completed + statistics.failed == statistics.submitted);
  CHECK(statistics.failed == static_cast<std::uint64_t>(died));
}

}  // namespace

TEST_CASE("max_pending: ten million submits to processes grow the caller by no mebibyte", "[long]") {
  auto pool = processes(2, 1000);
  submit_many(pool, 10'000'000);
}
TEST_CASE("max_pending: a hundred million submits to threads grow the caller by no mebibyte", "[long]") {
  auto pool = threads(2, 1000);
  submit_many(pool, 100'000'000);
}
TEST_CASE("priority: an urgent call behind a million others begins after the call queue's (process)", "[long]") {
  cf::ProcessPoolExecutor pool(2);
  urgent_behind_many(pool, 3);
}
TEST_CASE("priority: an urgent call behind a million others begins next (thread)", "[long]") {
  cf::ThreadPoolExecutor pool(2);
  urgent_behind_many(pool, 0);
}
TEST_CASE_METHOD(support::LeakChecked, "ProcessPoolExecutor.set_max_workers: amid kills, nothing is lost or doubled") {
  const int first = GENERATE(2, 64);
  resize_amid_kills(first, 60);
}
TEST_CASE("ProcessPoolExecutor.set_max_workers: ten thousand changes from 1 to 64 amid kills", "[long]") {
  const int first = GENERATE(2, 64);
  resize_amid_kills(first, 10'000);
}
