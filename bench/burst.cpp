// SPDX-License-Identifier: BSL-1.0
// Many empty tasks at once, each with a future: how many a second? Rows S1, S2 and S4.
#include <cstddef>
#include <string>
#include <vector>

#include "harness.hpp"
#include "pools/all.hpp"

namespace {

template <class Pool>
double seconds(Pool& pool, std::size_t tasks) {
  std::vector<decltype(pool.submit([] {}))> futures;
  futures.reserve(tasks);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < tasks; ++i) futures.push_back(pool.submit([] {}));
  for (auto& future : futures) Pool::take(future);
  return bench::seconds_since(start);
}

template <class Pool>
void add_burst(const char* name, int workers, std::size_t tasks) {
  bench::add(std::string("burst/") + name, [=](benchmark::State& state) {
    Pool pool(workers);
    seconds(pool, 1000);
    for (auto _ : state) state.SetIterationTime(seconds(pool, tasks));
    state.counters["tasks_per_second"] = benchmark::Counter(
        static_cast<double>(tasks) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  });
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t tasks = 1'000'000;
  bench::for_each_pool([]<class Pool>(bench::Named<Pool> pool) {
    // A thread a task is slow enough to be measured with fewer.
    add_burst<Pool>(pool.name, 2, std::is_same_v<Pool, bench::StdAsync> ? tasks / 50 : tasks);
  });
  add_burst<bench::Processes>("processes_1_worker", 1, tasks);
  add_burst<bench::DeepProcesses>("processes_deep_queue", 2, tasks);
  return bench::run(argc, argv);
}
