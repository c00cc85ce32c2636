// SPDX-License-Identifier: BSL-1.0
// Shared state for tasks, under every start method: workers older and younger than it, killed with it, and left behind.
#include <concurrent/multiprocessing/barrier.hpp>
#include <concurrent/multiprocessing/condition.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/semaphore.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_event.hpp>
#include <concurrent/multiprocessing/shared_objects.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>

#include <chrono>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/processes.hpp"

using namespace std::chrono_literals;
using support::contains;

namespace {

using Table = mp::ManagedMemory::map<mp::ManagedMemory::string, mp::ManagedMemory::vector<int>>;

/// A worker that has started before the caller goes on.
void start_workers(cf::ProcessPoolExecutor& pool, int count) {
  const auto started = support::Counter::make();
  std::vector<cf::Future<void>> tasks;
  for (int i = 0; i < count; ++i) {
    tasks.push_back(pool.submit(
        [](support::Counter counter, std::uint32_t all) {
          counter.add();
          counter.wait_until(all);
        },
        started, static_cast<std::uint32_t>(count)));
  }
  for (auto& task : tasks) task.result(30s);
}

void add_many(mp::Value<int> total, int times) {
  for (int i = 0; i < times; ++i) total.fetch_add(1);
}

int fill(mp::Array<int> array, int first, int last) {
  std::iota(array.begin() + first, array.begin() + last, first);
  return static_cast<int>(array.size());
}

int length_of(const mp::ManagedMemory& memory, const std::string& key) {
  const auto& table = memory.at<Table>("table");
  const auto found = table.find(key);
  return found == table.end() ? -1 : static_cast<int>(found->second.size());
}

/// Says that it runs, then waits for the event in turns with its own use of the others.
int run_until_stopped(mp::Event stop, mp::Value<int> running, mp::Array<int> marks) {
  running.fetch_add(1);
  int rounds = 0;
  while (!stop.wait_for(1ms)) {
    ++rounds;
    marks[static_cast<std::size_t>(rounds) % marks.size()] = rounds;
  }
  return rounds;
}

mp::Array<int> kept_by_initializer;
void keep(const mp::Array<int>& array) { kept_by_initializer = array; }

std::optional<mp::SharedMemory> kept_by_task;

std::size_t open_descriptors() { return support::names_in("/proc/self/fd").size(); }

}  // namespace

EACH_PROCESS_POOL("shared state: workers older than it use it, and have as many descriptors after as before") {
  auto pool = kind.pool(2);
  start_workers(pool, 2);
  std::vector<std::size_t> before;
  const auto count = [&] {
    const auto gate = support::Counter::make();
    std::vector<cf::Future<std::size_t>> counts;
    for (int i = 0; i < 2; ++i) {
      counts.push_back(pool.submit(
          [](support::Counter all) {
            all.add();
            all.wait_until(2);
            return open_descriptors();
          },
          gate));
    }
    return counts[0].result(30s) + counts[1].result(30s);
  };
  const std::size_t at_first = count();
  const std::size_t here = open_descriptors();
  {
    const mp::Value<int> total;
    const mp::Array<int> array(1000);
    const mp::Event event;
    const mp::ManagedMemory memory(1U << 20U);
    auto& table = memory.construct<Table>("table");
    table.emplace(memory.text("abc"), mp::ManagedMemory::vector<int>(3, 1, memory.get_allocator<int>()));
    std::vector<cf::Future<void>> adding;
    for (int i = 0; i < 4; ++i) adding.push_back(pool.submit(add_many, total, 10'000));
    auto first = pool.submit(fill, array, 0, 500);
    auto second = pool.submit(fill, array, 500, 1000);
    CHECK(pool.submit(length_of, memory, "abc").result(30s) == 3);
    CHECK(pool.submit(length_of, memory, "abcd").result(30s) == -1);
    for (auto& task : adding) task.result(30s);
    CHECK(total.load() == 40'000);
    CHECK(first.result(30s) + second.result(30s) == 2000);
    CHECK(std::accumulate(array.begin(), array.end(), 0) == 999 * 500);
    pool.submit([](mp::Event e) { e.set(); }, event).result(30s);
    CHECK(event.is_set());
    CHECK(event.wait_for(0s));
  }
  CHECK(support::eventually([here] { return open_descriptors() <= here; }));  // the pool has some for an instant
  CHECK(count() == at_first);
}

EACH_PROCESS_POOL("shared state: workers younger than it use it, also by way of the initializer") {
  const mp::Array<int> array(std::vector<int>{1, 2, 3});
  const mp::Value<int> total(1);
  auto pool = kind.pool(1, cf::Initializer{keep, array});
  CHECK(pool.submit([] { return kept_by_initializer.at(2); }).result(30s) == 3);
  array[2] = 7;
  CHECK(pool.submit([] { return kept_by_initializer.at(2); }).result(30s) == 7);
  pool.submit(add_many, total, 10).result(30s);
  CHECK(total.load() == 11);
}

EACH_PROCESS_POOL("Event: running tasks are asked to stop, and do") {
  const mp::Event stop;
  const mp::Value<int> running;
  const mp::Array<int> marks(10);
  auto pool = kind.pool(2);
  std::vector<cf::Future<int>> tasks;
  for (int i = 0; i < 2; ++i) tasks.push_back(pool.submit(run_until_stopped, stop, running, marks));
  CHECK(support::eventually([&] { return running.load() == 2 && marks[1] > 0; }));
  CHECK_FALSE(tasks[0].cancel());
  stop.set();
  for (auto& task : tasks) CHECK(task.result(30s) >= 0);
}

EACH_PROCESS_POOL("shared state: a worker killed while it uses it keeps nobody else from using it") {
  const mp::Event stop;
  const mp::Value<int> running;
  const mp::Array<int> marks(10);
  cf::ProcessPoolOptions options;
  options.max_workers = 2;
  options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
  options.restart_limit = {.count = 100, .period = 1s};
  auto pool = kind.pool(options);
  for (int round = 0; round < 5; ++round) {
    running.store(0);
    auto victim = pool.submit(run_until_stopped, stop, running, marks);
    CHECK(support::eventually([&] { return running.load() == 1; }));
    auto other = pool.submit(run_until_stopped, stop, running, marks);
    CHECK(support::eventually([&] { return running.load() == 2; }));
    CHECK(victim.terminate());  // with SIGKILL, in the middle of whatever it does
    CHECK_THROWS_AS(victim.result(30s), cf::CancelledError);
    marks[0] = -1;
    stop.set();
    CHECK(other.result(30s) >= 0);
    stop.clear();
    pool.submit(add_many, running, 5).result(30s);
    CHECK(running.load() == 7);
  }
}

EACH_PROCESS_POOL("shared state: a task that comes after its caller has let go of it has it all the same") {
  auto pool = kind.pool(1);
  start_workers(pool, 1);
  const auto gate = support::Gate::make();
  auto busy = pool.submit([](support::Gate g) { g.wait(); }, gate);
  auto late = pool.submit([](mp::Value<int> value) { return value.load(); }, mp::Value<int>(5));
  gate.open();
  busy.result(30s);
  CHECK(late.result(30s) == 5);
  CHECK(pool.submit([] { return 3; }).result(30s) == 3);
}

EACH_PROCESS_POOL(
    "shared state: a worker may make it and return it, if it keeps it, when the worker is gone it is gone") {
  const auto make = [] {
    kept_by_task.emplace(10);
    kept_by_task->bytes()[3] = std::byte{7};
    return *kept_by_task;
  };
  auto pool = kind.pool(1);
  const auto memory = pool.submit(make).result(30s);
  CHECK(memory.bytes()[3] == std::byte{7});

  // One that was sent and not received before its maker ended.
  const mp::Array<char> message(pickle::dumps(mp::SharedMemory()).size());
  const pid_t maker = pool.submit(
                              [](mp::Array<char> to) {
                                kept_by_task.emplace(20);
                                const auto sent = pickle::dumps(*kept_by_task);
                                std::memcpy(to.data(), sent.data(), to.size());
                                return ::getpid();
                              },
                              message)
                          .result(30s);
  pool.shutdown();
  CHECK(contains(support::message_of<pickle::UnpicklingError>(
                     [&] { pickle::loads<mp::SharedMemory>(std::as_bytes(message.span())); }),
                 "process " + std::to_string(maker) + ", which sent it, has ended"));

  auto other = kind.pool(1);  // the first memory lives on here, and can be sent on
  CHECK(other.submit([](const mp::SharedMemory& m) { return static_cast<int>(m.bytes()[3]); }, memory).result(30s) ==
        7);
}

EACH_PROCESS_POOL("shared state: a task's own pool is given it in turn") {
  const mp::Value<int> total;
  auto pool = kind.pool(1);
  pool.submit(
          [](mp::Value<int> same) {
            cf::ProcessPoolExecutor inner(1);
            inner.submit(add_many, same, 5).result(30s);
          },
          total)
      .result(30s);
  CHECK(total.load() == 5);
}

EACH_PROCESS_POOL("ManagedMemory: one task builds a table, others read it when its future is done") {
  const mp::ManagedMemory memory(1U << 22U);
  auto pool = kind.pool(2);
  pool.submit(
          [](mp::ManagedMemory m) {
            auto& table = m.construct<Table>("table");
            for (int i = 0; i < 1000; ++i) {
              table.emplace(m.text(std::to_string(i)),
                            mp::ManagedMemory::vector<int>(static_cast<std::size_t>(i), i, m.get_allocator<int>()));
            }
          },
          memory)
      .result(30s);
  std::vector<cf::Future<int>> lengths;
  for (int i = 0; i < 100; ++i) lengths.push_back(pool.submit(length_of, memory, std::to_string(i * 10)));
  for (int i = 0; i < 100; ++i) CHECK(lengths[static_cast<std::size_t>(i)].result(30s) == i * 10);
  CHECK(memory.at<Table>("table").size() == 1000);
}

namespace {

/// One of each class.
struct Everything {
  mp::Lock lock{};
  mp::RLock nested{};
  mp::Semaphore started{0};
  mp::BoundedSemaphore permits{1};
  mp::Condition changed{};
  mp::Barrier barrier{3};
  mp::Queue<int> queue{8};
  mp::Event end{};
  mp::Value<int> sum{};
  mp::Array<int> marks{std::size_t{2}};
};

/// Uses each as two tasks and their caller do together. Returns what the caller has put.
int use_everything(const Everything& all, int number) {
  all.started.release();
  all.barrier.wait_for(30s);
  for (int i = 0; i < 100; ++i) {
    const std::lock_guard guard(all.lock);
    const std::lock_guard outer(all.nested);
    const std::lock_guard inner(all.nested);
    const std::lock_guard permit(all.permits);
    all.sum.store(all.sum.load() + 1);  // one at a time
  }
  {
    const std::lock_guard guard(all.changed);
    all.marks[static_cast<std::size_t>(number)] = 1;
    all.changed.notify_all();
    static_cast<void>(all.changed.wait_for([&] { return all.marks[0] + all.marks[1] == 2; }, 30s));
  }
  const int item = all.queue.get_for(30s).value_or(-1);
  all.queue.task_done();
  return all.end.wait_for(30s) ? item : -2;
}

/// Of this process, also in workers that start from the beginning: each has its own.
const mp::Semaphore at_namespace_scope(3);

}  // namespace

EACH_PROCESS_POOL("HX1 shared state: two workers and their caller use one of each class") {
  for (const bool workers_first : {true, false}) {
    auto pool = kind.pool(2);
    if (workers_first) start_workers(pool, 2);
    const Everything all;
    std::vector<cf::Future<int>> tasks;
    for (int i = 0; i < 2; ++i) {
      tasks.push_back(pool.submit(
          [](mp::Lock lock, mp::RLock nested, mp::Semaphore started, mp::BoundedSemaphore permits,
             mp::Condition changed, mp::Barrier barrier, mp::Queue<int> queue, mp::Event end, mp::Value<int> sum,
             mp::Array<int> marks, int number) {
            return use_everything({lock, nested, started, permits, changed, barrier, queue, end, sum, marks}, number);
          },
          all.lock, all.nested, all.started, all.permits, all.changed, all.barrier, all.queue, all.end, all.sum,
          all.marks, i));
    }
    for (int i = 0; i < 2; ++i) CHECK(all.started.acquire_for(30s) == mp::Acquired::yes);
    CHECK(all.barrier.wait_for(30s) >= 0);
    all.queue.put(10);
    all.queue.put(20);
    all.queue.join();
    all.end.set();
    CHECK(tasks[0].result(30s) + tasks[1].result(30s) == 30);
    CHECK(all.sum.load() == 200);
  }
}

EACH_PROCESS_POOL("HX5 shared state: an object at namespace scope is there in each worker") {
  auto pool = kind.pool(1);
  CHECK(pool.submit([] { return at_namespace_scope.value(); }).result(30s) == 3);
  CHECK(pool.submit([] {
              const bool got = at_namespace_scope.try_acquire() == mp::Acquired::yes;
              at_namespace_scope.release();
              return got;
            })
            .result(30s));
  CHECK(at_namespace_scope.value() == 3);
}

EACH_PROCESS_POOL("K14 Lock: a worker that leaves with its task's lock hands it over, and its pool goes on") {
  cf::ProcessPoolOptions options;
  options.max_workers = 1;
  options.max_tasks_per_child = 1;
  auto pool = kind.pool(options);
  const mp::Lock lock;
  const auto acquire = [](mp::Lock its) { return static_cast<int>(its.acquire()); };
  CHECK(pool.submit(acquire, lock).result(30s) == static_cast<int>(mp::Acquired::yes));
  for (int i = 0; i < 2; ++i)
    CHECK(pool.submit(acquire, lock).result(30s) == static_cast<int>(mp::Acquired::owner_died));
  pool.shutdown();
  CHECK(lock.acquire_for(30s) == mp::Acquired::owner_died);
  lock.release();
}
