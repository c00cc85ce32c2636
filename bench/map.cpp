// SPDX-License-Identifier: BSL-1.0
// map over many items, by chunk size: empty tasks, and how near the automatic choice comes to the best one for tasks of
// several lengths. Row S6.
#include <fmt/core.h>

#include <concurrent/futures.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "harness.hpp"

namespace cf = concurrent::futures;

namespace {

using Nanoseconds = std::uint32_t;

struct Items {
  std::string name;
  std::vector<Nanoseconds> lengths;
};

/// About 0.6 s of work for one worker, but no more than a million items.
Items tasks_of(std::string name, Nanoseconds length) {
  const std::size_t count = length == 0 ? 1'000'000 : std::min<std::size_t>(1'000'000, 600'000'000 / length);
  return {std::move(name), std::vector<Nanoseconds>(count, length)};
}

/// Nine of ten take a microsecond; the others take up to a millisecond, in no order.
Items mixed_tasks() {
  Items items{"mix", {}};
  std::uint32_t random = 1;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 1664525 + 1013904223;
    const std::uint32_t tenth = (random >> 16) % 100;
    items.lengths.push_back(tenth < 90 ? 1'000 : tenth < 99 ? 100'000 : 1'000'000);
  }
  return items;
}

std::uint32_t work(Nanoseconds length) {
  bench::work_for(length);
  return length;
}

constexpr std::size_t chunk_sizes[] = {1, 10, 100, 1000, 10'000, cf::auto_chunksize};

void measure(benchmark::State& state, const Items& items, std::size_t chunk_size) {
  cf::ProcessPoolExecutor pool(2);
  pool.warm_up(2);
  for (int i = 0; i < 1000; ++i) pool.submit([] {}).result();
  bench::work_for(0);
  std::size_t count = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    for (const auto result : pool.map(work, items.lengths, cf::MapOptions{.chunksize = chunk_size})) {
      benchmark::DoNotOptimize(result);
      ++count;
    }
    state.SetIterationTime(bench::seconds_since(start));
  }
  if (count != items.lengths.size()) state.SkipWithError("items were lost");
  state.counters["items_per_second"] = benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsRate);
}

}  // namespace

int main(int argc, char** argv) {
  static const std::vector<Items> all = {
      tasks_of("empty", 0),       tasks_of("0.1us", 100),        tasks_of("1us", 1'000), tasks_of("10us", 10'000),
      tasks_of("100us", 100'000), tasks_of("1000us", 1'000'000), mixed_tasks()};
  for (const Items& items : all) {
    for (const std::size_t chunk_size : chunk_sizes) {
      // With a chunk for each worker or less there is nothing to choose.
      if (chunk_size != cf::auto_chunksize && chunk_size > items.lengths.size() / 2) continue;
      const std::string size = chunk_size == cf::auto_chunksize ? "auto" : std::to_string(chunk_size);
      bench::add(fmt::format("map/{}/{}", items.name, size),
                 [&items, chunk_size](benchmark::State& state) { measure(state, items, chunk_size); });
    }
  }
  return bench::run(argc, argv);
}
