// SPDX-License-Identifier: BSL-1.0
// What a pool costs that is used once: made, first result, destroyed, by a caller that has 10 MiB in use; beside what
// the least of it costs by itself, two children and two threads. "first" is the first in its process. Row S7.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
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
  state.counters["first_milliseconds"] = seconds.values.front() * 1e3;
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

/// Two children that are forked, end and are waited for, and two threads.
struct Plain {
  template <class Function>
  int submit(Function) {
    pid_t children[2];
    for (pid_t& child : children) {
      child = ::fork();
      if (child == 0) ::_exit(0);
    }
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    std::thread one([] {});
    std::thread two([] {});
    one.join();
    two.join();
    return 0;
  }
  static void take(int) {}
};

}  // namespace

int main(int argc, char** argv) {
  bench::add("start/processes", measure<OnDemand>);
  bench::add("start/threads", measure<TwoThreads>);
  bench::add("start/plain", measure<Plain>);
  return bench::run(argc, argv);
}
