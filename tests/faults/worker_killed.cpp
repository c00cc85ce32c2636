// SPDX-License-Identifier: BSL-1.0
// Rows 1 to 16: SIGKILL, at each moment of a worker's life, and to the zygote.
#include "faults/results.hpp"
#include "faults/segment_of.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <thread>

using namespace faults;

namespace {

/// The worker dies at `point` while it has this call, which it has not begun: somebody else runs it.
void dies_before_it_begins(const Policy& policy, const std::string& point) {
  Trial trial(policy);
  const At fault(point, Do::kill);
  auto future = trial.submit(keyed, std::uint64_t{1});
  REQUIRE(fault.sprung());
  trial.expect_death("SIGKILL");
  trial.value(future, key_of(1));
  CHECK(eventually([&] { return trial.lost() == 1; }));  // somebody else may have run it long before
  trial.finish();
}

/// The worker dies at `point`, when the task is done and its result is on the way.
void dies_with_the_result(const Policy& policy, const std::string& point, std::size_t size) {
  CAPTURE(point, size);
  Trial trial(policy);
  const At fault(point, Do::kill);
  auto future = trial.submit(letters_of_size, size);
  REQUIRE(fault.sprung());
  trial.one(future, "was killed by SIGKILL while it pickled the result of", SIGKILL, {}, "pickling its result");
  trial.finish();
}

/// Tells who runs it, then waits.
int hold_and_tell(Counter worker, Gate gate, int n) {
  worker.add(static_cast<std::uint32_t>(::getpid()));
  gate.wait();
  return n;
}

/// How many bytes of memory the results of this pool's workers take.
std::size_t memory_of_results() {
  const Found found = Found::here();
  REQUIRE(found.base != nullptr);
  const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t size = std::min<std::uint64_t>(found.geometry.worker_region_size, 400'000'000) / page_size;
  std::vector<unsigned char> present(size);
  std::size_t pages = 0;
  for (std::uint32_t i = 0; i < found.geometry.first_workers; ++i) {
    std::byte* const region = found.base + found.geometry.worker_regions + i * found.geometry.worker_region_size;
    REQUIRE(::mincore(region, size * page_size, present.data()) == 0);
    pages += static_cast<std::size_t>(std::count_if(present.begin(), present.end(), [](int page) { return page & 1; }));
  }
  return pages * page_size;
}

}  // namespace

EACH_POLICY("fault 1: an idle worker is killed: no future fails, the loss is counted, the next call has a worker") {
  Trial trial(policy);
  const Family one = trial.submit(family).result(20s);
  REQUIRE(::kill(one.worker, SIGKILL) == 0);
  REQUIRE(eventually([&] { return trial.lost() == 1; }));
  trial.expect_death("was killed by SIGKILL while it was idle");
  trial.finish();
}

EACH_POLICY("fault 2: all idle workers are killed at once: the next call succeeds within 200 ms") {
  Trial trial(policy, policy.options(3));
  trial.pool().warm_up(3);
  const auto workers = trial.pool().processes();
  REQUIRE(workers.size() == 3);
  for (const pid_t worker : workers) ::kill(worker, SIGKILL);
  const auto start = support::Clock::now();
  if (policy.breaks()) {
    REQUIRE(eventually([&] { return trial.lost() != 0; }));
  } else {
    CHECK(trial.submit(keyed, std::uint64_t{5}).result(20s) == key_of(5));
    CHECK(support::Clock::now() - start < 200ms * busy());
    CHECK(eventually([&] { return trial.lost() == 3; }));
  }
  trial.expect_death("SIGKILL");
  trial.finish();
}

EACH_POLICY("fault 3: a worker is killed between fork and ready: no future fails before the restart limit") {
  for (const char* point : {"worker.started_process", "worker.ready"}) {
    dies_before_it_begins(policy, point);
  }
  Trial trial(policy, [&] {
    auto options = policy.options();
    options.restart_limit = {3, 10s};
    return options;
  }());
  const At fault("worker.started_process", Do::kill, every);
  auto future = trial.submit(keyed, std::uint64_t{1});
  const std::string text = message_of<cf::BrokenProcessPool>([&] { future.result(20s * busy()); });
  CHECK(contains(text, "was killed by SIGKILL while it started"));
  CHECK(contains(text, "restart_limit: more than 3 in") == !policy.breaks());
  trial.expect_broken("SIGKILL");
  trial.finish();
  CHECK(trial.lost() >= (policy.breaks() ? 1U : 4U));
}

EACH_POLICY("fault 4: a worker is killed in the initializer: at the restart limit the pool is broken and says so") {
  auto options = policy.options(1);
  options.initializer = cf::Initializer(add_one, 1);
  {
    Trial trial(policy, options);
    const At fault("worker.initializer", Do::kill);
    auto future = trial.submit(keyed, std::uint64_t{1});
    REQUIRE(fault.sprung());
    trial.expect_death("was killed by SIGKILL while it ran the initializer");
    trial.value(future, key_of(1));
    trial.finish();
  }
  options.restart_limit = {2, 10s};
  Trial trial(policy, options);
  const At fault("worker.initializer", Do::kill, every);
  auto future = trial.submit(keyed, std::uint64_t{1});
  const std::string text = message_of<cf::BrokenProcessPool>([&] { future.result(20s * busy()); });
  CHECK(contains(text, "was killed by SIGKILL while it ran the initializer"));
  trial.expect_broken("initializer");
  trial.finish();
}

EACH_POLICY("fault 5: a worker is killed in the queue, its claim not made or not noted: the call is put back") {
  for (const char* point : {"worker.before_claim", "worker.polling", "worker.call_taken"}) {
    CAPTURE(point);
    dies_before_it_begins(policy, point);
  }
}

EACH_POLICY("fault 6: a worker is killed with a call that it has claimed and not begun: the call is put back") {
  dies_before_it_begins(policy, "worker.claimed");
}

EACH_POLICY("fault 7: a worker is killed in the middle of a task: only its future fails") {
  Trial trial(policy);
  const auto started = Counter::make();
  const auto gate = Gate::make();
  auto victim = trial.submit(hold, started, gate, 1);
  started.wait_until(1);
  trial.bystanders(5);
  const auto workers = trial.pool().processes();
  REQUIRE_FALSE(workers.empty());
  // The first: places are filled in order.
  ::kill(workers.front(), SIGKILL);
  trial.one(victim, "was killed by SIGKILL while it ran faults::hold", SIGKILL);
  gate.open();
  trial.finish();
  CHECK(trial.lost() == 1);
  for (const int dies : {0, 1}) {  // of two that run, whichever dies
    CAPTURE(dies);
    Trial both(policy);
    const Counter pids[] = {Counter::make(), Counter::make()};
    const auto last = Gate::make();
    const cf::Future<int> futures[] = {both.submit(hold_and_tell, pids[0], last, 10),
                                       both.submit(hold_and_tell, pids[1], last, 11)};
    for (const Counter& pid : pids) REQUIRE(pid.reaches(1));
    ::kill(static_cast<pid_t>(pids[dies].value()), SIGKILL);
    both.one(futures[dies], "was killed by SIGKILL while it ran", SIGKILL);
    last.open();
    both.value(futures[1 - dies], 11 - dies);
    both.finish();
  }
}

EACH_POLICY("fault 8: a worker is killed while it pickles its result: only that future fails, and says so") {
  Trial trial(policy);
  const auto held = HeldPickle::make(10'000, 10'000);
  auto victim = trial.submit(return_held, held);
  REQUIRE(held.half.opens_within(20s));
  trial.bystanders();
  ::kill(trial.pool().processes().front(), SIGKILL);
  trial.one(victim, "was killed by SIGKILL while it pickled the result of", SIGKILL, {}, "pickling its result");
  trial.finish();
}

EACH_POLICY("fault 9: a worker is killed while it writes a result into its slot: the slot is never read") {
  for (const char* point : {"worker.result_written", "worker.before_commit"}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{40}, std::size_t{5000}}) {
      dies_with_the_result(policy, point, size);
    }
  }
  dies_with_the_result(policy, "worker.result_grows", 5000);
}

EACH_POLICY("fault 10: a worker is killed in the middle of a 300 MB result: only that future fails") {
  Trial trial(policy);
  const auto held = HeldPickle::make(150'000'000, 150'000'000);
  auto victim = trial.submit(return_held, held);
  REQUIRE(held.half.opens_within(60s));
  trial.bystanders();
  CHECK(memory_of_results() > 150'000'000);
  const auto start = support::Clock::now();
  ::kill(trial.pool().processes().front(), SIGKILL);
  trial.one(victim, "was killed by SIGKILL while it pickled the result of", SIGKILL, {}, "pickling its result");
  CHECK(support::Clock::now() - start < 1s * busy());
  CHECK(eventually([] { return memory_of_results() < 500'000; }));  // what it had written goes back to the system
  trial.finish();
}

EACH_POLICY("fault 11: a worker is killed when its result is published and nobody told: the result is delivered") {
  for (const char* point : {"worker.committed", "worker.notified"}) {
    for (const std::size_t size : {std::size_t{4}, std::size_t{100'000}}) {
      CAPTURE(point, size);
      Trial trial(policy);
      const At fault(point, Do::kill);
      auto future = trial.submit(letters_of_size, size);
      CHECK(future.result(20s) == letters_of_size(size));
      REQUIRE(fault.sprung());
      trial.expect_death("was killed by SIGKILL while it was idle");
      trial.finish();
    }
  }
}

EACH_POLICY(
    "fault 12: a worker is killed while the caller reads its result: the result is whole, its place is used again") {
  Trial trial(policy, policy.options(1));
  const auto held = HeldUnpickle::make(3'000'000);
  const Family first = trial.submit(family).result(20s);
  auto future = trial.submit(return_held_unpickle, held);
  std::thread killer([&] {
    if (!held.half.opens_within(20s)) return;
    ::kill(first.worker, SIGKILL);
    eventually([&] { return !support::alive(first.worker); });
    held.go.open();
  });
  CHECK(future.result(30s).size == 3'000'000);
  killer.join();
  REQUIRE(eventually([&] { return trial.lost() == 1; }));
  trial.expect_death("was killed by SIGKILL while it was idle");
  for (int i = 0; i < 3 && !policy.breaks(); ++i) {
    CHECK(trial.submit(letters_of_size, std::size_t{2'000'000}).result(20s) == letters_of_size(2'000'000));
  }
  trial.finish();
  // Where it is still read from nobody writes: the next worker comes when that is over.
  bool tried = policy.breaks();
  for (int i = 0; i < 20 && !tried; ++i) {
    Trial again(policy, policy.options(1));
    const auto large = HeldUnpickle::make(3'000'000);
    const Family reader = again.submit(family).result(20s);
    auto read = again.submit(return_held_unpickle, large);
    cf::Future<std::string> next;
    std::thread kills([&] {
      if (!large.half.opens_within(20s)) return;
      ::kill(reader.worker, SIGKILL);
      // Where it is the manager that unpickles it hears of no death meanwhile.
      if (eventually([&] { return again.lost() == 1; }, 200ms * busy())) {
        next = again.submit(letters_of_size, std::size_t{3'000'000});
        eventually([&] { return next.done(); }, 300ms);
        tried = true;
      }
      large.go.open();
    });
    CHECK(read.result(30s).size == 3'000'000);
    kills.join();
    if (tried) CHECK(next.result(20s) == letters_of_size(3'000'000));
    again.expect_death("SIGKILL");
    again.finish();
  }
  CHECK(tried);
}

EACH_POLICY("fault 13: a worker is killed while it leaves on purpose: no failure") {
  for (const char* point : {"worker.retire", "worker.retired"}) {
    CAPTURE(point);
    {
      auto options = policy.options();
      options.max_tasks_per_child = 1;
      Trial trial(policy, options);
      const At fault(point, Do::kill);
      trial.bystanders(10);
      REQUIRE(fault.sprung());
      trial.finish();
      CHECK(trial.lost() == 0);
    }
    {
      Trial trial(policy);
      trial.bystanders(5);
      const At fault(point, Do::kill);
      trial.finish();  // shuts down
      CHECK(fault.sprung());
      CHECK(trial.lost() == 0);
    }
  }
  auto options = policy.options();
  options.idle_timeout = 5ms;
  Trial trial(policy, options);
  const At fault("worker.retired", Do::kill);
  trial.bystanders(2);
  REQUIRE(fault.sprung());
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 14: all workers are killed in the middle of their tasks at once: each fails its own future") {
  for (const int workers : {1, 2, 5, 13}) {
    CAPTURE(workers);
    Trial trial(policy, policy.options(workers));
    const auto gate = Gate::make();
    std::vector<cf::Future<int>> victims;
    std::vector<Counter> pids;
    for (int i = 0; i < workers; ++i) {
      pids.push_back(Counter::make());
      victims.push_back(trial.submit(hold_and_tell, pids.back(), gate, i));
    }
    for (const Counter& pid : pids) REQUIRE(pid.reaches(1));
    trial.bystanders(5);
    for (const pid_t worker : trial.pool().processes()) ::kill(worker, SIGKILL);
    for (std::size_t i = 0; i < victims.size(); ++i) {
      trial.one(victims[i], "was killed by SIGKILL while it ran", SIGKILL);
      if (policy.breaks()) continue;
      try {
        victims[i].result();
      } catch (const cf::WorkerDied& died) {  // of its own worker, and no other
        CHECK(died.pid() == static_cast<pid_t>(pids[i].value()));
      }
    }
    gate.open();
    if (!policy.breaks()) CHECK(trial.lost() == static_cast<std::size_t>(workers));
    trial.finish();
  }
}

EACH_POLICY("fault 16: the zygote is killed, idle or as it forks: the pool is broken, says so, and no worker is left") {
  {
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    const Family first = trial.submit(family).result(20s);
    auto running = trial.submit(hold, started, gate, 1);
    started.wait_until(1);
    ::kill(first.zygote, SIGKILL);
    const std::string text = message_of<cf::BrokenProcessPool>([&] { running.result(20s); });
    CHECK(contains(text, "helper process (pid " + std::to_string(first.zygote) + ") ended"));
    CHECK(contains(text, "was killed by SIGKILL"));
    CHECK(eventually([&] { return !support::alive(first.worker); }, 1s * busy()));
    trial.expect_broken("helper process (pid ");
    trial.finish();
  }
  for (const char* point : {"zygote.start", "zygote.forked", "zygote.ready"}) {
    CAPTURE(point);
    const At fault(point, Do::kill);
    Trial trial(policy);
    trial.expect_broken("helper process (pid ");
    trial.bystanders();  // a worker that was forked just before may have run some of them
    REQUIRE(fault.sprung());
    trial.finish();
  }
}
