// SPDX-License-Identifier: BSL-1.0
// How many calls a second whose results a coroutine awaits, beside as many that a thread takes with result(); and how
// soon a running task is asked to stop, or is ended.
//
//   await [--repetitions N] [--quick] [--no-python]
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concurrent/futures.hpp>
#include <concurrent/futures/coroutine.hpp>
#include <concurrent/multiprocessing.hpp>
#include <csignal>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "../tests/support/detached.hpp"
#include "measure.hpp"

#include <unistd.h>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
using Clock = std::chrono::steady_clock;

using support::Detached;

namespace {

std::size_t one() { return 1; }

using Futures = std::vector<cf::Future<std::size_t>>;

template <class Pool>
Futures submitted(Pool& pool, std::size_t count) {
  Futures futures;
  futures.reserve(count);
  for (std::size_t i = 0; i < count; ++i) futures.push_back(pool.submit(one));
  return futures;
}

Detached await_all(Futures futures, std::atomic<std::size_t>& sum) {
  std::size_t total = 0;
  for (auto& future : futures) total += co_await std::move(future);
  sum = total;
  sum.notify_all();
}
template <class Pool>
Detached await_each(Pool& pool, std::size_t count, std::atomic<std::size_t>& sum) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += co_await pool.submit(one);
  sum = total;
  sum.notify_all();
}

/// Calls a second.
template <class Body>
double rate(std::size_t count, Body&& body) {
  const auto start = Clock::now();
  body();
  return static_cast<double>(count) / bench::seconds_since(start);
}

/// The same calls in turns: all submitted first, and `turns` one after the other, which are enough that the system has
/// found a processor for each thread: at first the manager's may share the worker's.
template <class Pool>
void compare(Pool& pool, std::size_t count, std::size_t turns, const std::string& kind, bench::Figures& figures) {
  figures[kind + " burst, result()"].add(rate(count, [&] {
    std::size_t total = 0;
    for (auto& future : submitted(pool, count)) total += std::move(future).result();
    if (total != count) std::terminate();
  }));
  figures[kind + " burst, co_await"].add(rate(count, [&] {
    std::atomic<std::size_t> sum{0};
    await_all(submitted(pool, count), sum);
    sum.wait(0);
  }));
  figures[kind + " one by one, result()"].add(rate(turns, [&] {
    std::size_t total = 0;
    for (std::size_t i = 0; i < turns; ++i) total += pool.submit(one).result();
    if (total != turns) std::terminate();
  }));
  figures[kind + " one by one, co_await"].add(rate(turns, [&] {
    std::atomic<std::size_t> sum{0};
    await_each(pool, turns, sum);
    sum.wait(0);
  }));
}

/// When its token says so, by a clock that all processes have in common.
std::int64_t until_asked(cf::StopToken stop, mp::Event begun) {
  begun.set();
  while (!stop.stop_requested()) {
  }
  return Clock::now().time_since_epoch().count();
}
void deaf(mp::Event begun) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  begun.set();
  for (;;) ::pause();
}

template <class Pool>
double microseconds_until_asked(Pool& pool) {
  mp::Event begun;
  const auto future = pool.submit(until_asked, begun);
  begun.wait();
  const auto start = Clock::now();
  future.request_stop();
  return static_cast<double>(future.result() - start.time_since_epoch().count()) / 1e3;
}
double microseconds_until_ended(cf::ProcessPoolExecutor& pool) {
  mp::Event begun;
  const auto future = pool.submit({.on_stop = cf::OnStop::terminate}, deaf, begun);
  begun.wait();
  const auto start = Clock::now();
  future.request_stop();
  future.wait();
  return bench::seconds_since(start) * 1e6;
}

void print_times(const char* what, bench::Samples samples) {
  std::sort(samples.values.begin(), samples.values.end());
  const std::size_t count = samples.values.size();
  fmt::print("| {} | {:.1f} | {:.1f} | {:.1f} |\n", what, samples.values[count / 2], samples.values[count * 99 / 100],
             samples.values.back());
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = bench::read_options(argc, argv, "await");
  if (!options) return 2;
  const auto [repetitions, quick, with_python] = *options;
  static_cast<void>(with_python);
  const std::size_t count = quick ? 2'000 : 100'000;
  bench::Figures figures;
  {
    cf::ProcessPoolExecutor processes(2);
    cf::ThreadPoolExecutor threads(2);
    bench::Figures warm;
    compare(processes, count / 10, count / 10, "processes,", warm);
    compare(threads, count / 10, count / 10, "threads,", warm);
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      compare(processes, count, 4 * count, "processes,", figures);
      compare(threads, count, count / 10, "threads,", figures);
    }
  }
  fmt::print("| calls a second, medians of {} repetitions in turns | result() | co_await | ratio (mark: 0.9) |\n",
             repetitions);
  fmt::print("| :--- | ---: | ---: | ---: |\n");
  for (const std::string way : {"processes, burst", "processes, one by one", "threads, burst", "threads, one by one"}) {
    const double result = figures[way + ", result()"].median();
    const double awaited = figures[way + ", co_await"].median();
    fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} |\n", way, result, awaited, awaited / result);
  }

  fmt::print("\n| us after request_stop | median | 99 % | most |\n| :--- | ---: | ---: | ---: |\n");
  const int times = quick ? 20 : 1000;
  bench::Samples in_process, in_thread, ended;
  cf::ProcessPoolExecutor processes(
      {.max_workers = 1, .on_worker_death = cf::WorkerDeathPolicy::fail_task, .restart_limit = {.count = 1'000'000}});
  cf::ThreadPoolExecutor threads(1);
  for (int i = 0; i < times; ++i) {
    in_process.add(microseconds_until_asked(processes));
    in_thread.add(microseconds_until_asked(threads));
    ended.add(microseconds_until_ended(processes));
  }
  print_times("a task of processes sees it (mark: 1000)", std::move(in_process));
  print_times("a task of threads sees it (mark: 1000)", std::move(in_thread));
  print_times("OnStop::terminate: the future of a deaf task is done (mark: 10000)", std::move(ended));
}
