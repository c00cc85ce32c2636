// SPDX-License-Identifier: BSL-1.0
// Monitoring: the start and the end of each task with the worker that ran it. Whole lines of one write do not mix.
//
// prints, in any order:
//   task 0 starts in ForkProcess-<number>
//   task 0 ends
//   task 1 starts in ForkProcess-<number>
//   task 1 ends
//   task 2 starts in ForkProcess-<number>
//   task 2 ends
//   results: 0 1 4
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <ranges>
#include <vector>

namespace cf = concurrent::futures;

template <class Function>
struct Logged {  // a function object that pickles: an aggregate
  Function function;
  int operator()(int n) const {
    std::printf("task %d starts in %s\n", n, concurrent::multiprocessing::current_process().name.c_str());
    const int result = function(n);
    std::printf("task %d ends\n", n);
    return result;
  }
};

int square(int n) { return n * n; }

int main() {
  std::vector<int> results;
  {
    cf::ProcessPoolExecutor pool(2);
    results = pool.map(Logged<int (*)(int)>{square}, std::views::iota(0, 3)).to_vector();
  }
  std::printf("results: %d %d %d\n", results[0], results[1], results[2]);
}
