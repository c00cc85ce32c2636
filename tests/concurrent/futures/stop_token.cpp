// SPDX-License-Identifier: BSL-1.0
// How a task is asked to stop: StopToken, Future::request_stop, and a std::stop_token in TaskOptions.
#include <atomic>
#include <chrono>
#include <concurrent/futures.hpp>
#include <csignal>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

#include <unistd.h>

using namespace std::chrono_literals;
using support::contains;
using support::LeakChecked;
using support::message_of;

namespace {

/// False: it was not asked in time.
bool asked(const cf::StopToken& stop) {
  const auto end = support::Clock::now() + support::patience;
  while (!stop.stop_requested()) {
    if (support::Clock::now() >= end) return false;
    std::this_thread::yield();
  }
  return true;
}

int until_asked(cf::StopToken stop, support::Gate begun) {
  begun.open();
  return asked(stop) ? 7 : 0;
}
int gives_up(cf::StopToken stop, support::Gate begun) {
  begun.open();
  if (asked(stop)) throw cf::CancelledError();
  return 0;
}
int fails_when_asked(cf::StopToken stop, support::Gate begun) {
  begun.open();
  if (asked(stop)) throw std::out_of_range("too far");
  return 0;
}
int held_until(support::Gate begun, support::Gate end) {
  begun.open();
  end.wait();
  return 3;
}
int counted(support::Counter runs) {
  runs.add(1);
  return 1;
}
bool is_asked(cf::StopToken stop) { return stop.stop_requested(); }

/// Its own token stays behind in its process.
cf::StopToken kept;
void keeps(cf::StopToken stop) { kept = std::move(stop); }
bool sees_only_its_own(cf::StopToken stop, support::Gate begun) {
  begun.open();
  return asked(stop) && !kept.stop_requested();
}

}  // namespace

TEST_CASE("StopToken: one that belongs to no call is never asked to stop") {
  const cf::StopToken token;
  CHECK_FALSE(token.stop_requested());
  static_assert(std::is_nothrow_default_constructible_v<cf::StopToken>);
  static_assert(noexcept(token.stop_requested()));
}

EACH_EXECUTOR("Future.request_stop: a running task sees it, and what it returns is delivered") {
  auto pool = kind.pool(2);
  const auto begun = support::Gate::make();
  const auto future = pool.submit(until_asked, begun);
  begun.wait();
  CHECK(future.request_stop());
  CHECK(future.result() == 7);
  CHECK_FALSE(future.cancelled());
  CHECK_FALSE(future.request_stop());
  CHECK_FALSE(pool.submit(is_asked).result());
}

EACH_EXECUTOR("Future.request_stop: a task that throws CancelledError then is cancelled") {
  auto pool = kind.pool(1);
  const auto begun = support::Gate::make();
  const auto future = pool.submit(gives_up, begun);
  begun.wait();
  CHECK(cf::AnyFuture(future).request_stop());
  CHECK_THROWS_AS(future.result(support::patience), cf::CancelledError);
  CHECK(future.cancelled());
  const auto statistics = pool.statistics();
  CHECK(statistics.cancelled == 1);
  CHECK(statistics.failed == 0);
  CHECK(pool.pending_work_items() == 0);

  // Any other exception is its outcome, and so is this one where nobody has asked.
  const auto again = support::Gate::make();
  const auto other = pool.submit(fails_when_asked, again);
  again.wait();
  CHECK(other.request_stop());
  CHECK_THROWS_AS(other.result(), std::out_of_range);
  const auto unasked = pool.submit([]() -> int { throw cf::CancelledError("of its own accord"); });
  CHECK(contains(support::text_of(unasked.exception()), "of its own accord"));
  CHECK_FALSE(unasked.cancelled());
}

EACH_EXECUTOR("Future.request_stop: a call that has not begun is cancelled, and never runs") {
  auto pool = kind.pool(1);
  const auto begun = support::Gate::make();
  const auto end = support::Gate::make();
  const auto runs = support::Counter::make();
  const auto first = pool.submit(held_until, begun, end);
  begun.wait();
  std::vector<cf::Future<int>> waiting;  // in the call queue, and behind it
  for (int i = 0; i < 6; ++i) waiting.push_back(pool.submit(counted, runs));
  std::atomic<int> called{0};
  for (const auto& future : waiting) future.add_done_callback([&](const cf::Future<int>&) { ++called; });
  for (const auto& future : waiting) {
    CHECK(future.request_stop());
    CHECK(future.cancelled());
    CHECK_FALSE(future.request_stop());
  }
  CHECK(first.request_stop());  // it has no token, and goes on
  end.open();
  CHECK(first.result() == 3);
  pool.shutdown();
  CHECK(called == 6);
  CHECK(runs.value() == 0);
}

TEST_CASE("Future.request_stop: a future that no executor has is cancelled while it is pending") {
  cf::Future<int> pending;
  CHECK(pending.request_stop());
  CHECK(pending.cancelled());
  cf::Future<int> running;
  running.set_running_or_notify_cancel();
  CHECK_FALSE(running.request_stop());
  running.set_result(1);
  CHECK_FALSE(running.request_stop());
}

EACH_EXECUTOR("StopToken: comes first, and the arguments follow as ever, in map too") {
  auto pool = kind.pool(2);
  const auto size = [](cf::StopToken stop, std::string_view text) {
    return stop.stop_requested() ? 0 : static_cast<int>(text.size());
  };
  const auto product = [](const cf::StopToken& stop, int a, int b) { return stop.stop_requested() ? 0 : a * b; };
  CHECK(pool.submit(size, std::string("four")).result() == 4);
  CHECK(pool.submit({.label = "size"}, size, std::string("four")).result() == 4);
  const std::vector a{1, 2, 3};
  const std::vector b{4, 5, 6};
  CHECK(pool.map(product, a, b).to_vector() == std::vector{4, 10, 18});
  CHECK(pool.map(product, a, b, {.chunksize = 2}).to_vector() == std::vector{4, 10, 18});
  int sum = 0;
  for (const int n : pool.map_unordered(product, a, b, {.buffersize = 1})) sum += n;
  CHECK(sum == 32);
  // Who takes whatever comes gets none.
  CHECK(pool.submit([](auto... all) { return sizeof...(all); }, 1, 2).result() == 2);
}

EACH_EXECUTOR("StopToken: who names one first gets one, though it could be left out") {
  auto pool = kind.pool(1);
  const auto begun = support::Counter::make();
  const auto until_stopped = [](support::Counter runs, const cf::StopToken& stop) {
    runs.add(1);
    return asked(stop);
  };
  const auto alone = pool.submit([=](cf::StopToken stop = {}) { return until_stopped(begun, stop); });
  begun.wait_until(1);
  CHECK(alone.request_stop());
  CHECK(alone.result());
  const auto before = pool.submit(
      [=](const cf::StopToken& stop = {}, int n = 0) mutable noexcept { return until_stopped(begun, stop) ? n : -1; },
      4);
  begun.wait_until(2);
  CHECK(before.request_stop());
  CHECK(before.result() == 4);
  CHECK(pool.map([](cf::StopToken stop = {}, int n = 0) { return stop.stop_requested() ? 0 : n; }, std::vector{1, 2})
            .to_vector() == std::vector{1, 2});
}

EACH_EXECUTOR("StopToken: one that has outlived its call is not told of the next one's request") {
  auto pool = kind.pool(1);
  pool.submit(keeps).result();
  for (int i = 0; i < 4; ++i) {
    const auto begun = support::Gate::make();
    const auto next = pool.submit(sees_only_its_own, begun);
    begun.wait();
    CHECK(next.request_stop());
    CHECK(next.result());
  }
}

#ifdef __cpp_lib_jthread
EACH_EXECUTOR("TaskOptions.stop_token: a request reaches what runs, cancels what waits, and what comes after it") {
  auto pool = kind.pool(1);
  const auto begun = support::Gate::make();
  const auto runs = support::Counter::make();
  std::stop_source source;
  const cf::TaskOptions options{.stop_token = source.get_token()};
  const auto running = pool.submit(options, gives_up, begun);
  begun.wait();
  std::vector<cf::Future<int>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(pool.submit(options, counted, runs));
  const auto other = pool.submit(counted, runs);
  source.request_stop();
  CHECK_THROWS_AS(running.result(support::patience), cf::CancelledError);
  for (const auto& future : waiting) CHECK(future.cancelled());
  CHECK(pool.submit(options, counted, runs).cancelled());
  CHECK(other.result() == 1);
  auto mapped = pool.map([](int n) { return n; }, std::vector{1, 2}, {.task = options});
  CHECK_THROWS_AS(mapped.to_vector(), cf::CancelledError);
  pool.shutdown();
  CHECK(runs.value() == 1);
  const auto statistics = pool.statistics();
  CHECK(statistics.submitted == statistics.completed + statistics.failed + statistics.cancelled);
}

EACH_EXECUTOR("TaskOptions.stop_token: after the call is done nobody is told any more") {
  auto pool = kind.pool(1);
  std::stop_source source;
  {
    const auto done = pool.submit({.stop_token = source.get_token()}, [](int n) { return n; }, 4);
    CHECK(done.result() == 4);
  }
  pool.shutdown();
  CHECK(source.request_stop());
}
#endif

EACH_PROCESS_POOL("OnStop.terminate: ends the worker of a task that is deaf to signals, and no other") {
  auto pool = kind.pool(2);
  const auto begun = support::Gate::make();
  const auto other_begun = support::Gate::make();
  const auto end = support::Gate::make();
  const auto bystander = pool.submit(held_until, other_begun, end);
  other_begun.wait();
  const auto deaf = pool.submit(
      {.on_stop = cf::OnStop::terminate},
      [](support::Gate started) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, nullptr);
        started.open();
        for (;;) ::pause();
      },
      begun);
  begun.wait();
  CHECK(deaf.request_stop());
  CHECK(deaf.wait_for(support::patience) == cf::FutureStatus::ready);
  CHECK(deaf.cancelled());
  CHECK(pool.submit([](int n) { return n; }, 5).result() == 5);
  end.open();
  CHECK(bystander.result() == 3);
}

TEST_CASE_METHOD(LeakChecked, "OnStop.terminate: a ThreadPoolExecutor refuses it and says why") {
  cf::ThreadPoolExecutor pool(1);
  const auto text =
      message_of<std::invalid_argument>([&] { pool.submit(cf::TaskOptions{.on_stop = cf::OnStop::terminate}, [] {}); });
  CHECK(contains(text, "OnStop::terminate"));
  CHECK(contains(text, "a thread cannot be ended"));
}

TEST_CASE_METHOD(LeakChecked, "Future.request_stop: a task that dies after it is not tried again") {
  cf::ProcessPoolExecutor pool({.max_workers = 1, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  const auto begun = support::Counter::make();
  const auto future = pool.submit(
      {.retries = 5},
      [](cf::StopToken stop, support::Counter starts) {
        starts.add(1);
        if (asked(stop)) ::_exit(3);
      },
      begun);
  begun.wait_until(1);
  CHECK(future.request_stop());
  CHECK(future.wait_for(support::patience) == cf::FutureStatus::ready);
  CHECK(future.cancelled());
  CHECK_FALSE(pool.submit(is_asked).result());
  CHECK(begun.value() == 1);
}

namespace {

std::uint32_t next_random(std::uint32_t& state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/// What is left of one call in the race: what was done to it before its outcome was looked at.
struct Raced {
  cf::Future<int> future;
  bool touched = false;  // asked, cancelled or terminated
};

int races(cf::StopToken stop, int number, int turns) {
  for (int i = 0; i < turns; ++i) {
    if (!stop.stop_requested()) continue;
    if (number % 3 == 0) throw cf::CancelledError("asked");
    return -1;
  }
  return stop.stop_requested() ? -1 : number;
}

/// Calls that end by themselves, while two threads ask them to stop, cancel and (rarely) terminate them: each has one
/// outcome, and none is told what was meant for another.
template <class Pool>
void race(Pool& pool, int rounds, std::uint32_t terminate_one_in) {
  constexpr int at_once = 8;
  std::uint32_t random = 2463534242U;
  int wrong = 0;
  for (int round = 0; round < rounds; round += at_once) {
    std::vector<Raced> calls;
    std::vector<std::uint32_t> what;
    for (int i = 0; i < at_once; ++i) {
      calls.push_back({pool.submit(races, round + i, static_cast<int>(next_random(random) % 200))});
      what.push_back(next_random(random));
      calls.back().touched = what.back() % 4 != 0;
    }
    const auto disturb = [&](std::uint32_t shift) {
      for (std::size_t i = 0; i < calls.size(); ++i) {
        if (!calls[i].touched) continue;
        const std::uint32_t dice = what[i] >> shift;
        for (std::uint32_t wait = dice % 64; wait != 0; --wait) std::atomic_signal_fence(std::memory_order_seq_cst);
        if (terminate_one_in != 0 && dice % terminate_one_in == 0) {
          calls[i].future.terminate();
        } else if (dice % 5 == 0) {
          calls[i].future.cancel();
        } else {
          calls[i].future.request_stop();
        }
      }
    };
    std::thread other(disturb, 8U);
    disturb(16U);
    other.join();
    for (int i = 0; i < at_once; ++i) {
      const Raced& call = calls[static_cast<std::size_t>(i)];
      if (call.future.wait_for(support::patience) != cf::FutureStatus::ready) ++wrong;
      if (call.future.cancelled() ? !call.touched
                                  : call.future.result() != round + i && !(call.touched && call.future.result() == -1))
        ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(pool.pending_work_items() == 0);
  const auto statistics = pool.statistics();
  CHECK(statistics.submitted == statistics.completed + statistics.failed + statistics.cancelled);
  CHECK(statistics.failed == 0);
}

}  // namespace

TEST_CASE_METHOD(LeakChecked, "Future.request_stop: races of stop, completion and cancel (process)") {
  cf::ProcessPoolExecutor pool(2);
  race(pool, support::rounds(1'000), 0);
}
TEST_CASE_METHOD(LeakChecked, "Future.request_stop: races of stop, completion and cancel (thread)") {
  cf::ThreadPoolExecutor pool(2);
  race(pool, support::rounds(1'000), 0);
}
TEST_CASE_METHOD(LeakChecked, "Future.request_stop: races of terminate too, and each call counts once (process)") {
  cf::ProcessPoolExecutor pool(3);
  race(pool, support::rounds(100'000), 500);
}
TEST_CASE_METHOD(LeakChecked, "Future.request_stop: many races, of terminate too (process)", "[long]") {
  cf::ProcessPoolExecutor pool(3);
  race(pool, support::rounds(400'000), 500);
}
TEST_CASE_METHOD(LeakChecked, "Future.request_stop: many races (thread)", "[long]") {
  cf::ThreadPoolExecutor pool(3);
  race(pool, support::rounds(1'000'000), 0);
}
