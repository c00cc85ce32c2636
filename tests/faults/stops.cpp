// SPDX-License-Identifier: BSL-1.0
// Stops that meet an end: terminate() and time limits at every instant of a task's life. Whatever the instant, true
// means cancelled, false means done, no other call pays for it, and it is nobody's loss.
#include "faults/trial.hpp"

#include "support/joining_thread.hpp"

using namespace faults;

namespace {

using Clock = support::Clock;

/// As long as that, in the processor: the end of a sleep is not that exact.
int work_for(std::chrono::microseconds time) {
  const auto end = Clock::now() + time;
  while (Clock::now() < end) {
  }
  return 1;
}
int work_and_count(std::chrono::microseconds time, Counter ended) {
  work_for(time);
  ended.add();
  return 1;
}
int count(Counter begun, int n) {
  begun.add();
  return n;
}

/// A death that counts as a loss breaks these pools under either policy.
cf::ProcessPoolOptions unforgiving(const Policy& policy, int workers) {
  auto options = policy.options(workers);
  options.restart_limit = {0, std::chrono::hours(1)};
  return options;
}

/// True means cancelled, and false that it was done.
template <class T>
void stop_and_check(const cf::Future<T>& future, std::size_t& stopped) {
  if (future.terminate()) {
    ++stopped;
    if (message_of<cf::CancelledError>([&] { future.result(20s * busy()); }).empty())
      FAIL_CHECK("terminate() returned true, and the future is not cancelled");
  } else if (!future.done()) {
    FAIL_CHECK("terminate() returned false, and the future is not done");
  }
}

void stops_at_the_end(const Policy& policy, int rounds, int workers) {
  constexpr auto length = 300us;
  std::size_t stopped = 0;
  Trial trial(policy, unforgiving(policy, workers));
  for (int i = 0; i < rounds; ++i) {
    std::vector<cf::Future<int>> running;
    for (int n = 0; n < workers; ++n) running.push_back(trial.submit(work_for, length));
    trial.bystanders(2);  // these wait
    while (!running.back().running() && !running.back().done()) {
    }
    work_for(length - 60us + std::chrono::microseconds(i % 13 * 10));
    for (const auto& future : running) stop_and_check(future, stopped);
  }
  trial.finish();
  CHECK(trial.lost() == 0);
  INFO(stopped << " of " << rounds << " were stopped");
}

void limits_at_the_end(const Policy& policy, int rounds) {
  [[maybe_unused]] std::size_t late = 0;
  Trial trial(policy, unforgiving(policy, 1));
  for (int i = 0; i < rounds; ++i) {
    cf::TaskOptions limited;
    limited.timeout = 300us;
    auto future = trial.submit(limited, work_for, 250us + std::chrono::microseconds(i % 11 * 10));
    trial.bystanders(2);
    try {
      if (future.result(20s * busy()) != 1) FAIL_CHECK("another's value");
    } catch (const cf::TaskTimeoutError&) {
      ++late;
    }
  }
  trial.finish();
  CHECK(trial.lost() == 0);
}

void stops_at_the_beginning(const Policy& policy, int rounds) {
  std::size_t stopped = 0;
  Trial trial(policy, unforgiving(policy, 2));
  const auto ended = Counter::make();
  for (int i = 0; i < rounds; ++i) {
    auto future = trial.submit(work_and_count, 10s, ended);
    while (!future.running()) {
    }
    stop_and_check(future, stopped);
  }
  trial.finish();
  CHECK(trial.lost() == 0);
  CHECK(stopped == static_cast<std::size_t>(rounds));
  CHECK(ended.value() == 0);
}

void stops_anywhere(const Policy& policy, int rounds) {
  std::size_t stopped = 0;
  Trial trial(policy, unforgiving(policy, 2));
  for (int i = 0; i < rounds; ++i) {
    std::vector<cf::Future<int>> futures;
    for (int n = 0; n < 6; ++n) futures.push_back(trial.submit(work_for, std::chrono::microseconds(i % 7 * 5)));
    work_for(std::chrono::microseconds(i % 41 * 2));
    for (const auto& future : futures) stop_and_check(future, stopped);
  }
  trial.finish();
  CHECK(trial.lost() == 0);
}

}  // namespace

EACH_POLICY("stops: terminate() as its task ends, with others waiting: they run, and nothing is lost") {
  stops_at_the_end(policy, 60, 1);
  stops_at_the_end(policy, 30, 2);
}
EACH_POLICY("stops: a time limit as long as its task, with others waiting: they run, and nothing is lost") {
  limits_at_the_end(policy, 100);
}
EACH_POLICY("stops: whoever sees running() and calls terminate() stops it") { stops_at_the_beginning(policy, 60); }
EACH_POLICY("stops: terminate() at any moment: true means cancelled, false means done") { stops_anywhere(policy, 300); }

EACH_POLICY("stops: a thousand times each", "[long]") {
  stops_at_the_end(policy, 1000, 1);
  stops_at_the_end(policy, 1000, 2);
  limits_at_the_end(policy, 1000);
  stops_at_the_beginning(policy, 1000);
  stops_anywhere(policy, 20'000);
}

EACH_POLICY("stops: terminate() of a call that is taken and not begun: cancelled at once, and its worker goes on") {
  Trial trial(policy, unforgiving(policy, 1));
  const auto begun = Counter::make();
  const pid_t worker = trial.submit(own_pid).result(20s * busy());
  const At fault("worker.claimed", Do::hold);
  auto future = trial.submit(count, begun, 1);
  REQUIRE(fault.sprung());
  CHECK(future.running());
  CHECK(future.terminate());
  CHECK(future.cancelled());
  CHECK_FALSE(future.terminate());
  fault.release();
  trial.value(trial.submit(own_pid), worker);
  CHECK(begun.value() == 0);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("stops: terminate() at each step of a task's life") {
  for (const char* point : {"worker.claimed", "worker.started", "worker.running", "worker.result_written",
                            "worker.before_commit", "caller.collected"}) {
    CAPTURE(point);
    Trial trial(policy, unforgiving(policy, 1));
    trial.value(trial.submit(add_one, 1), 2);
    const At fault(point, Do::hold);
    auto future = trial.submit(add_one, 2);
    std::atomic<std::thread::id> called_in{};
    future.add_done_callback([&](const cf::Future<int>&) { called_in = std::this_thread::get_id(); });
    support::JoiningThread waits([&] { wait(std::vector{future}, 20s * busy()); });
    REQUIRE(fault.sprung());
    trial.bystanders(3);
    CHECK(future.terminate());
    fault.release();
    CHECK_FALSE(message_of<cf::CancelledError>([&] { future.result(20s * busy()); }).empty());
    waits.join();
    trial.finish();
    CHECK(trial.lost() == 0);
    CHECK(eventually([&] { return trial.pool().statistics().cancelled == 1; }));
    CHECK(called_in.load() != std::thread::id());
    CHECK(called_in.load() != std::this_thread::get_id());  // who stops it may hold what a callback needs
  }
}

EACH_POLICY("stops: terminate() of a task that threw, while the exception is on its way: true means cancelled") {
  Trial trial(policy, unforgiving(policy, 1));
  const At fault("caller.collected", Do::hold);
  auto future = trial.submit([]() -> int { throw std::out_of_range("mine"); });
  REQUIRE(fault.sprung());
  CHECK(future.terminate());
  fault.release();
  CHECK_FALSE(message_of<cf::CancelledError>([&] { future.result(20s * busy()); }).empty());
  trial.finish();
  const auto counts = trial.pool().statistics();
  CHECK(counts.cancelled == 1);
  CHECK(counts.failed == 0);
}

EACH_POLICY(
    "stops: a worker that is held up between taking a timed call and beginning it: another runs the call, once") {
  Trial trial(policy, unforgiving(policy, 1));
  const auto begun = Counter::make();
  cf::TaskOptions limited;
  limited.timeout = 20s * busy();
  const At fault("worker.claimed", Do::hold);
  auto future = trial.submit(limited, count, begun, 7);
  REQUIRE(fault.sprung());
  trial.value(future, 7);  // although that worker never comes
  fault.release();
  CHECK(begun.value() == 1);
  trial.finish();
  CHECK(trial.lost() == 0);
}

TEST_CASE("stops: kill_workers, and the helper dies before it has told of anything: the calls end with that reason") {
  for (const Policy& policy : policies()) {
    CAPTURE(policy.name);
    Trial trial(policy, policy.options(1));
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto future = trial.submit(hold, started, gate, 1);
    started.wait_until(1);
    const At fault("zygote.signal", Do::kill);
    trial.pool().kill_workers();
    const std::string text = message_of<cf::BrokenProcessPool>([&] { future.result(20s * busy()); });
    CHECK(contains(text, "kill_workers"));
    trial.expect_broken("kill_workers");
    trial.finish();
  }
}

TEST_CASE("stops: sixty tasks that crash among a hundred and twenty: each fails alone, whatever the restart limit") {
  Policy policy{cf::WorkerDeathPolicy::fail_task, "fail_task"};
  auto options = policy.options(2);
  options.restart_limit = {};
  Trial trial(policy, options);
  std::vector<cf::Future<int>> crashing;
  for (int i = 0; i < 60; ++i) {
    crashing.push_back(trial.submit([]() -> int { std::abort(); }));
    trial.bystanders(1);
  }
  for (const auto& future : crashing) trial.one(future, "SIGABRT", SIGABRT);
  trial.finish();
  CHECK(trial.lost() == 60);
}
