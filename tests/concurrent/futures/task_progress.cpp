// SPDX-License-Identifier: BSL-1.0
// How far a running task is: report_progress, Future.progress, and the bar that follows it.
#include <concurrent/futures/progress.hpp>
#include <concurrent/futures/task_progress.hpp>

#include <cstdint>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/terminal.hpp"

using support::contains;
using support::LeakChecked;

namespace {

/// Reports, and waits until it is let go on.
void in_two_steps(support::Counter at, support::Gate first, support::Gate second) {
  at.add(1);
  first.wait();
  cf::report_progress(3, 10);
  at.add(1);
  second.wait();
}
void says_nothing(support::Counter at, support::Gate end) {
  at.add(1);
  end.wait();
}
void in_another_thread(support::Counter at, support::Gate end) {
  std::thread([] { cf::report_progress(1, 2); }).join();
  at.add(1);
  end.wait();
}

bool is(const cf::Progress& progress, std::uint64_t done, std::uint64_t total) {
  return progress.done == done && progress.total == total;
}

}  // namespace

EACH_EXECUTOR("report_progress: its future says how far a running task is, and nobody else's does") {
  auto pool = kind.pool(1);
  const auto at = support::Counter::make();
  const auto first = support::Gate::make();
  const auto second = support::Gate::make();
  const auto future = pool.submit(in_two_steps, at, first, second);
  const auto next = pool.submit(says_nothing, at, second);
  at.wait_until(1);
  CHECK(is(future.progress(), 0, 0));
  first.open();
  at.wait_until(2);
  CHECK(is(future.progress(), 3, 10));
  CHECK(is(cf::AnyFuture(future).progress(), 3, 10));
  CHECK(is(next.progress(), 0, 0));
  second.open();
  next.result();
  CHECK(is(future.progress(), 0, 0));
  CHECK(is(next.progress(), 0, 0));
  // The next one in the same worker, which says nothing, does not inherit it.
  const auto end = support::Gate::make();
  const auto silent = pool.submit(says_nothing, at, end);
  at.wait_until(4);
  CHECK(is(silent.progress(), 0, 0));
  end.open();
}

EACH_PROCESS_POOL("report_progress: a thread of the task's own may report too") {
  auto pool = kind.pool(1);
  const auto at = support::Counter::make();
  const auto end = support::Gate::make();
  const auto future = pool.submit(in_another_thread, at, end);
  at.wait_until(1);
  CHECK(is(future.progress(), 1, 2));
  end.open();
}

TEST_CASE_METHOD(LeakChecked, "report_progress: a worker whose pool was made in a thread's task reports as its own") {
  cf::ThreadPoolExecutor threads(1);
  const auto at = support::Counter::make();
  const auto first = support::Gate::make();
  const auto second = support::Gate::make();
  const bool seen = threads
                        .submit([=] {
                          cf::report_progress(1, 1);
                          cf::ProcessPoolExecutor processes(1);
                          const auto future = processes.submit(in_two_steps, at, first, second);
                          first.open();
                          at.wait_until(2);
                          const bool good = is(future.progress(), 3, 10);
                          second.open();
                          return good;
                        })
                        .result();
  CHECK(seen);
}

TEST_CASE("report_progress: where there is no task it says it to nobody") {
  cf::report_progress(1, 2);
  const cf::Future<int> future;
  CHECK(is(future.progress(), 0, 0));
}

TEST_CASE_METHOD(LeakChecked, "process_map: the bar follows a task that takes long and reports") {
  const auto gate = support::Gate::make();
  const std::string drawn = support::drawn_on_terminal(80, [&] {
    // Lets the task end as soon as the bar must have been drawn: it looks every tenth of a second.
    cf::process_map(
        [](int, support::Gate end) {
          cf::report_progress(5, 10);
          end.opens_within(std::chrono::milliseconds(350));
        },
        std::vector{1}, std::vector{gate}, {.max_workers = 1});
  });
  CHECK(contains(drawn, " 50%|###"));
  CHECK(contains(drawn, "| 0/1 ["));
  CHECK(contains(drawn, "100%|###"));
}
