// SPDX-License-Identifier: BSL-1.0
// What a pool costs that is used once: made, first result, destroyed, by a caller that has 10 MiB in use. Row S7.
#include <vector>

#include "harness.hpp"
#include "pools/all.hpp"

namespace {

template <class Pool>
void measure(benchmark::State& state) {
  std::vector<char> memory(std::size_t{10} << 20, 'x');
  bench::Samples seconds;
  for (auto _ : state) {
    for (int i = 0; i < 30; ++i) {
      const auto start = std::chrono::steady_clock::now();
      {
        Pool pool;
        auto future = pool.submit([] {});
        Pool::take(future);
      }
      seconds.values.push_back(bench::seconds_since(start));
      benchmark::DoNotOptimize(memory.data());
    }
  }
  seconds.sort();
  state.SetIterationTime(seconds.median());
  state.counters["milliseconds"] = seconds.median() * 1e3;
}

/// Without warm_up: workers are started on demand, as in a program.
struct OnDemand {
  template <class Function>
  auto submit(Function function) {
    return pool.submit(function);
  }
  template <class Future>
  static void take(Future& future) {
    future.result();
  }
  concurrent::futures::ProcessPoolExecutor pool{2};
};

struct TwoThreads : bench::Threads {
  TwoThreads() : Threads(2) {}
};

}  // namespace

int main(int argc, char** argv) {
  bench::add("start/processes", measure<OnDemand>);
  bench::add("start/threads", measure<TwoThreads>);
  return bench::run(argc, argv);
}
