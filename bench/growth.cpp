// SPDX-License-Identifier: BSL-1.0
// How the cost of a task grows with the work: with the number of tasks, of workers, of bytes and of submitting threads.
// Row S11.
#include <fmt/core.h>

#include <concurrent/futures.hpp>
#include <cstddef>
#include <span>
#include <thread>
#include <vector>

#include "harness.hpp"
#include "process_tree.hpp"

namespace cf = concurrent::futures;

namespace {

double burst_seconds(cf::ProcessPoolExecutor& pool, std::size_t tasks, std::size_t submitters) {
  std::vector<std::vector<cf::Future<void>>> futures(submitters);
  for (auto& own : futures) own.reserve(tasks / submitters);
  const auto submit = [&](std::size_t submitter) {
    for (std::size_t i = 0; i < tasks / submitters; ++i) futures[submitter].push_back(pool.submit([] {}));
    for (auto& future : futures[submitter]) future.result();
  };
  const auto start = std::chrono::steady_clock::now();
  if (submitters == 1) {
    submit(0);
  } else {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < submitters; ++i) threads.emplace_back(submit, i);
    for (auto& thread : threads) thread.join();
  }
  return bench::seconds_since(start);
}

void bursts(benchmark::State& state, std::size_t tasks, int workers, std::size_t submitters) {
  // A pending task and its future take less than this, with what the kernel needs beside it.
  if (bench::number_after("/proc/meminfo", "MemAvailable:") * 1024L < static_cast<long>(tasks) * 500)
    return state.SkipWithError("not enough memory");
  cf::ProcessPoolExecutor pool(workers);
  pool.warm_up(workers);
  burst_seconds(pool, 1000, 1);
  // Short bursts are repeated, so that each figure is the work of a tenth of a second or more.
  const std::size_t repetitions = tasks < 100'000 ? 100'000 / tasks : 1;
  for (auto _ : state) {
    double seconds = 0;
    for (std::size_t i = 0; i < repetitions; ++i) seconds += burst_seconds(pool, tasks, submitters);
    state.SetIterationTime(seconds);
    state.counters["nanoseconds_per_task"] = seconds * 1e9 / static_cast<double>(tasks * repetitions);
  }
}

std::size_t size_of(std::span<const std::byte> data) { return data.size(); }

void payload(benchmark::State& state, std::size_t size) {
  if (bench::number_after("/proc/meminfo", "MemAvailable:") * 1024L < static_cast<long>(size) * 4)
    return state.SkipWithError("not enough memory");
  const std::vector<std::byte> data(size, std::byte{1});
  cf::ProcessPoolExecutor pool(2);
  const std::size_t count = std::clamp<std::size_t>((std::size_t{256} << 20) / (size + 1), 2, 2000);
  bench::Samples seconds;
  pool.submit(size_of, std::span(data)).result();
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      pool.submit(size_of, std::span(data)).result();
      seconds.values.push_back(bench::seconds_since(start));
    }
  }
  seconds.sort();
  state.SetIterationTime(seconds.median());
  state.counters["microseconds"] = seconds.median() * 1e6;
}

template <class Function>
void add_point(const char* curve, std::size_t x, Function function) {
  bench::add(fmt::format("growth/{}/{}", curve, x), function);
}

}  // namespace

int main(int argc, char** argv) {
  for (std::size_t tasks = 1000; tasks <= 10'000'000; tasks *= 10) {
    add_point("tasks", tasks, [=](benchmark::State& state) { bursts(state, tasks, 2, 1); });
  }
  for (int workers = 1; workers <= 256; workers *= 2) {
    add_point("workers", static_cast<std::size_t>(workers),
              [=](benchmark::State& state) { bursts(state, 200'000, workers, 1); });
  }
  for (const std::size_t size : {0UL, 1UL << 6, 1UL << 10, 1UL << 14, 1UL << 18, 1UL << 22, 1UL << 26, 1UL << 30}) {
    add_point("payload", size, [=](benchmark::State& state) { payload(state, size); });
  }
  for (std::size_t submitters = 1; submitters <= 64; submitters *= 2) {
    add_point("submitters", submitters, [=](benchmark::State& state) { bursts(state, 400'000, 2, submitters); });
  }
  return bench::run(argc, argv);
}
