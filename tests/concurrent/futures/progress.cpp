// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/progress.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <concurrent/futures.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/tasks.hpp"
#include "support/terminal.hpp"

namespace cf = concurrent::futures;
using support::contains;
using support::drawn_on_terminal;
using support::LeakChecked;
using support::square;
using support::written_to_file;

namespace {

int product(int a, int b) { return a * b; }
int refuse_three(int n) {
  if (n == 3) throw std::out_of_range("three");
  return n;
}

/// The states that were drawn, without what moves the cursor.
std::vector<std::string> lines_of(const std::string& drawn) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; (at = drawn.find('\r', at)) != std::string::npos;) {
    const std::size_t end = drawn.find("\x1b[K", ++at);
    if (end == std::string::npos) break;
    lines.push_back(drawn.substr(at, end - at));
    at = end;
  }
  return lines;
}

std::vector<cf::Future<int>> submit_squares(cf::ProcessPoolExecutor& pool, int count) {
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < count; ++i) futures.push_back(pool.submit(square, i));
  return futures;
}

}  // namespace

TEST_CASE_METHOD(LeakChecked, "process_map: results are a vector in the order of the input") {
  std::vector<int> squares;
  const std::string drawn = drawn_on_terminal(80, [&] {
    squares = cf::process_map(square, std::vector{3, 1, 2, 5}, {.max_workers = 2, .chunksize = 3, .desc = "squares"});
  });
  CHECK(squares == std::vector{9, 1, 4, 25});
  const auto lines = lines_of(drawn);
  REQUIRE(lines.size() >= 2);
  CHECK(contains(lines.front(), "squares:   0%|"));
  CHECK(contains(lines.front(), "| 0/4 [00:00<?, ?it/s]"));
  CHECK(contains(lines.back(), "squares: 100%|######"));
  CHECK(contains(lines.back(), "| 4/4 [00:0"));
  CHECK(drawn.substr(drawn.size() - 2) == "\r\n");
}

TEST_CASE_METHOD(LeakChecked, "process_map: takes two ranges, to the end of the shorter, and a list") {
  CHECK(cf::process_map(product, std::vector{1, 2, 3}, std::list{4, 5}, {.max_workers = 1}) == std::vector{4, 10});
  CHECK(cf::process_map(square, {1, 2}, {.max_workers = 1}) == std::vector{1, 4});
  CHECK(cf::thread_map(square, std::vector{1, 2}, {.max_workers = 1, .unit = "number"}) == std::vector{1, 4});
  CHECK(cf::thread_map(product, std::vector{1}, std::vector{7, 8}).at(0) == 7);
}

TEST_CASE_METHOD(LeakChecked, "process_map: the exception of a task comes out, and the bar ends its line") {
  std::string message;
  const std::string drawn = drawn_on_terminal(80, [&] {
    message = support::message_of<std::out_of_range>(
        [] { cf::process_map(refuse_three, std::vector{1, 2, 3, 4}, {.max_workers = 1}); });
  });
  CHECK(message == "three");
  REQUIRE(!lines_of(drawn).empty());
  CHECK(contains(lines_of(drawn).back(), "| 2/4 ["));
  CHECK(drawn.substr(drawn.size() - 2) == "\r\n");
}

TEST_CASE_METHOD(LeakChecked, "process_map: a bad number is refused as by the executor and by map") {
  CHECK_THROWS_AS(cf::process_map(square, std::vector{1}, {.max_workers = 0}), std::invalid_argument);
  CHECK_THROWS_AS(cf::process_map(square, std::vector{1}, {.chunksize = 0}), std::invalid_argument);
}

TEST_CASE_METHOD(LeakChecked, "progress: nothing is drawn when standard error is a file") {
  std::vector<int> squares;
  const std::string written = written_to_file([&] {
    squares = cf::process_map(square, std::vector{1, 2, 3}, {.max_workers = 1});
    for (const int n : cf::progress(squares)) CHECK(n > 0);
    cf::ProgressBar bar({.total = 3});
    bar.advance(3);
  });
  CHECK(squares == std::vector{1, 4, 9});
  CHECK(written == "");
}

TEST_CASE_METHOD(LeakChecked, "progress: goes through futures as they complete, and moves the bar") {
  int sum = 0;
  const std::string drawn = drawn_on_terminal(80, [&] {
    cf::ProcessPoolExecutor pool(1);
    const auto futures = submit_squares(pool, 5);
    for (auto& future : cf::progress(cf::as_completed(futures), {.desc = "tasks", .total = futures.size()}))
      sum += future.result();
  });
  CHECK(sum == 30);
  REQUIRE(lines_of(drawn).size() >= 2);
  CHECK(contains(lines_of(drawn).front(), "tasks:   0%|"));
  CHECK(contains(lines_of(drawn).back(), "| 5/5 ["));
}

TEST_CASE_METHOD(LeakChecked, "progress: a range tells its size itself, as_completed does not") {
  cf::ProcessPoolExecutor pool(1);
  const auto futures = submit_squares(pool, 3);
  const std::string sized = drawn_on_terminal(80, [&] {
    for (const auto& future : cf::progress(futures)) CHECK(future.result() >= 0);
  });
  CHECK(contains(lines_of(sized).back(), "100%|"));
  const std::string unsized = drawn_on_terminal(80, [&] {
    for (const auto& future : cf::progress(cf::as_completed(futures))) CHECK(future.done());
  });
  CHECK(lines_of(unsized).back().substr(0, 5) == "3it [");
}

TEST_CASE_METHOD(LeakChecked, "progress: a loop that is left early leaves the bar where it was") {
  const std::string drawn = drawn_on_terminal(80, [&] {
    for (const int n : cf::progress(std::vector{1, 2, 3, 4})) {
      if (n == 3) break;
    }
  });
  CHECK(contains(lines_of(drawn).back(), " 50%|"));
  CHECK(drawn.substr(drawn.size() - 2) == "\r\n");
}

TEST_CASE_METHOD(LeakChecked, "progress: no line is wider than the terminal") {
  for (const unsigned short columns : std::vector<unsigned short>{1, 10, 30, 60, 200}) {
    const std::string drawn = drawn_on_terminal(columns, [&] {
      for ([[maybe_unused]] const int n : cf::progress(std::vector{1, 2, 3}, {.desc = "some words"})) {
      }
    });
    REQUIRE(lines_of(drawn).size() >= 2);
    for (const std::string& line : lines_of(drawn)) CHECK(line.size() < columns);
  }
}

TEST_CASE_METHOD(LeakChecked, "ProgressBar: draws at most ten times a second, and once more at its end") {
  using Clock = std::chrono::steady_clock;
  double seconds = 0;
  const std::string drawn = drawn_on_terminal(80, [&] {
    const auto start = Clock::now();
    cf::ProgressBar bar({.total = std::size_t{1} << 40});
    while (Clock::now() - start < std::chrono::milliseconds(450)) bar.advance();
    bar.close();
    bar.close();
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  });
  const auto lines = lines_of(drawn);
  CHECK(lines.size() >= 3);
  CHECK(static_cast<double>(lines.size()) <= 2 + seconds * 10);
}

TEST_CASE_METHOD(LeakChecked, "ProgressBar: with leave = false nothing stays of it") {
  const std::string drawn = drawn_on_terminal(80, [&] {
    cf::ProgressBar bar({.desc = "gone", .total = 2, .leave = false});
    bar.advance(2);
    CHECK(bar.done() == 2);
  });
  CHECK(contains(drawn, "gone:"));
  CHECK(drawn.substr(drawn.size() - 4) == "\r\x1b[K");
}

namespace {

int crash_at_three(int n) {
  if (n == 3) ::raise(SIGKILL);
  return n;
}
int hang_at_two_crash_at_three(int n) {
  while (n == 2) ::pause();
  return crash_at_three(n);
}

}  // namespace

TEST_CASE_METHOD(LeakChecked,
                 "process_map: has limits for each call, a pool of one's own, and goes on after failures") {
  std::vector<cf::MapFailure> failures;
  std::vector<int> results;
  const support::CapturedLog log;
  const std::string drawn = drawn_on_terminal(100, [&] {
    results = cf::process_map(hang_at_two_crash_at_three, std::vector{0, 1, 2, 3, 4},
                              {.task = {.timeout = std::chrono::milliseconds(300)},
                               .pool = {.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task},
                               .failures = &failures});
  });
  CHECK(results == std::vector{0, 1, 4});
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].index == 2);
  CHECK_THROWS_AS(std::rethrow_exception(failures[0].exception), cf::TaskTimeoutError);
  CHECK(failures[1].index == 3);
  CHECK_THROWS_AS(std::rethrow_exception(failures[1].exception), cf::WorkerDied);
  REQUIRE(!lines_of(drawn).empty());
  CHECK(contains(lines_of(drawn).back(), "| 5/5 ["));
  CHECK(contains(lines_of(drawn).back(), ", 2 failed]"));
}

TEST_CASE_METHOD(LeakChecked, "process_map: a pool that is broken ends it, whoever collects failures") {
  std::vector<cf::MapFailure> failures;
  const support::CapturedLog log;
  CHECK_THROWS_AS(cf::process_map(crash_at_three, std::vector{0, 3, 1}, {.max_workers = 1, .failures = &failures}),
                  cf::BrokenProcessPool);
  CHECK_THROWS_AS(cf::process_map(square, std::vector{1}, {.pool = {.max_workers = 0}}), std::invalid_argument);
}

TEST_CASE_METHOD(LeakChecked, "thread_map: takes task options but a time limit, and failures") {
  std::vector<cf::MapFailure> failures;
  CHECK(cf::thread_map(refuse_three, std::vector{3, 4}, {.task = {.label = "t"}, .failures = &failures}) ==
        std::vector{4});
  CHECK(failures.size() == 1);
  CHECK_THROWS_AS(cf::thread_map(square, std::vector{1}, {.task = {.timeout = std::chrono::seconds(1)}}),
                  std::invalid_argument);
}

TEST_CASE_METHOD(LeakChecked, "progress: counts the futures that failed or were cancelled") {
  std::vector<cf::Future<int>> futures(4);
  futures[0].set_result(1);
  futures[1].set_exception(std::make_exception_ptr(1));
  futures[2].cancel();
  futures[3].set_result(1);
  const std::string drawn = drawn_on_terminal(80, [&] {
    for (auto& future : cf::progress(cf::as_completed(futures), {.total = 4})) CHECK(future.done());
  });
  CHECK(contains(lines_of(drawn).back(), "| 4/4 ["));
  CHECK(contains(lines_of(drawn).back(), ", 2 failed]"));
}

TEST_CASE_METHOD(LeakChecked, "progress: what is logged meanwhile comes above the bar, on lines of its own") {
  const std::string drawn = drawn_on_terminal(80, [] {
    cf::ProgressBar bar({.desc = "bar", .total = 3});
    std::thread([] { cf::detail::log_message(cf::LogLevel::warning, "something happened"); }).join();
    cf::set_log_handler([](cf::LogLevel, std::string_view text) {
      std::fprintf(stderr, "own: %.*s\n", static_cast<int>(text.size()), text.data());
    });
    cf::detail::log_message(cf::LogLevel::info, "more");
    cf::set_log_handler({});
    bar.advance(3);
  });
  // The line is wiped off, the text has it for itself, and the bar is drawn anew below.
  CHECK(contains(drawn, "\r\x1b[Kwarning: something happened\r\n\rbar:   0%|"));
  CHECK(contains(drawn, "\r\x1b[Kown: more\r\n\rbar:   0%|"));
  CHECK(contains(lines_of(drawn).back(), "| 3/3 ["));
}

TEST_CASE_METHOD(LeakChecked, "progress: threads may log while bars come and go") {
  const support::DeadlineGuard deadline("bars that come and go");
  const std::string drawn = drawn_on_terminal(80, [] {
    std::atomic<bool> ended{false};
    std::thread logger([&] {
      while (!ended) cf::detail::log_message(cf::LogLevel::warning, "line");
    });
    for (int round = 0; round < 300; ++round) {
      cf::ProgressBar bar({.desc = "bar", .total = 2, .leave = false});
      bar.advance();
    }
    ended = true;
    logger.join();
  });
  CHECK(contains(drawn, "\r\x1b[Kwarning: line\r\n"));
}
