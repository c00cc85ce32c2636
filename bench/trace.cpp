// SPDX-License-Identifier: BSL-1.0
// The price of a trace: how many empty tasks a second without one and with one, in turns, and how large the file gets.
//
//   trace [--repetitions N] [--quick]
#include <fmt/core.h>
#include <unistd.h>

#include <concurrent/futures.hpp>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "measure.hpp"

namespace cf = concurrent::futures;

namespace {

void empty() {}

struct Run {
  double tasks_per_second = 0;
  double bytes_per_task = 0;
};

/// A burst of empty tasks: all submitted, then each result taken. The time ends with the last result; what is left to
/// write then is not in it, but it is little.
template <class Pool>
Run burst(bool traced, std::size_t count) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("bench_trace_" + std::to_string(::getpid()) + ".json")).string();
  Run run;
  {
    Pool pool(2);
    pool.warm_up(2);
    if (traced) pool.trace(path);
    const auto submit_and_wait = [&pool](std::size_t tasks) {
      std::vector<cf::Future<void>> futures;
      futures.reserve(tasks);
      for (std::size_t i = 0; i < tasks; ++i) futures.push_back(pool.submit(empty));
      for (auto& future : futures) future.result();
    };
    submit_and_wait(1000);
    const auto start = std::chrono::steady_clock::now();
    submit_and_wait(count);
    run.tasks_per_second = static_cast<double>(count) / bench::seconds_since(start);
  }
  if (traced) {
    run.bytes_per_task = static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(count + 1000);
    std::filesystem::remove(path);
  }
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  int repetitions = 7;
  std::size_t count = 200'000;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--quick") {
      repetitions = 2;
      count = 5'000;
    } else if (option == "--repetitions" && i + 1 < argc) {
      repetitions = std::max(std::atoi(argv[++i]), 1);
    } else {
      fmt::print(stderr, "trace: what is '{}'? Use: trace [--repetitions N] [--quick]\n", option);
      return 2;
    }
  }
  fmt::print(
      "| 2 workers, {} empty tasks | tasks/s | spread | tasks/s traced | spread | ns more a task | bytes a task |\n",
      count);
  fmt::print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
  for (const bool threads : {false, true}) {
    bench::Samples off, on, bytes;
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      for (const bool traced : {false, true}) {
        const Run run =
            threads ? burst<cf::ThreadPoolExecutor>(traced, count) : burst<cf::ProcessPoolExecutor>(traced, count);
        (traced ? on : off).add(run.tasks_per_second);
        if (traced) bytes.add(run.bytes_per_task);
      }
    }
    fmt::print("| {} | {:.0f} | {:.0f} % | {:.0f} | {:.0f} % | {:.0f} | {:.0f} |\n", threads ? "threads" : "processes",
               off.median(), off.spread() * 100, on.median(), on.spread() * 100, 1e9 / on.median() - 1e9 / off.median(),
               bytes.median());
  }
}
