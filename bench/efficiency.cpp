// SPDX-License-Identifier: BSL-1.0
// How much of two cores reaches the tasks, by the length of a task: 1 is all of both. Row S10.
#include <fmt/core.h>

#include <vector>

#include "harness.hpp"
#include "pools/all.hpp"

namespace {

constexpr int workers = 2;

template <class Pool>
void measure(benchmark::State& state, int microseconds) {
  Pool pool(workers);
  const auto length = static_cast<std::uint32_t>(microseconds) * 1000;
  const auto task = [length] { bench::work_for(length); };
  const int tasks = 500'000 * workers / microseconds;  // half a second on each core
  std::vector<decltype(pool.submit(task))> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  const auto burst = [&](int count) {
    for (int i = 0; i < count; ++i) futures.push_back(pool.submit(task));
    for (auto& future : futures) Pool::take(future);
    futures.clear();
  };
  burst(100);
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    burst(tasks);
    const double seconds = bench::seconds_since(start);
    state.SetIterationTime(seconds);
    state.counters["efficiency"] = tasks * microseconds * 1e-6 / workers / seconds;
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::for_each_pool([]<class Pool>(bench::Named<Pool> pool) {
    if (std::is_same_v<Pool, bench::StdAsync>) return;  // so many threads at once cannot be started
    for (const int microseconds : {10, 100, 1000}) {
      bench::add(fmt::format("efficiency/{}us/{}", microseconds, pool.name),
                 [=](benchmark::State& state) { measure<Pool>(state, microseconds); });
    }
  });
  return bench::run(argc, argv);
}
