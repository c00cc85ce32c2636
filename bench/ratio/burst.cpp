// SPDX-License-Identifier: BSL-1.0
// What a task costs, as one number and without any benchmark library: microseconds a task of a burst through one
// worker, the best of some. cmake/burst_ratio.sh compares two commits with it, so it uses what every version has.
#include <concurrent/futures.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

int main() {
  constexpr int tasks = 50'000;
  cf::ProcessPoolExecutor pool(1);
  double best = 1e9;
  for (int round = 0; round < 6; ++round) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<cf::Future<int>> futures;
    futures.reserve(tasks);
    for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit([](int n) { return n + 1; }, i));
    for (int i = 0; i < tasks; ++i) {
      if (futures[static_cast<std::size_t>(i)].result() != i + 1) return 1;
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (round != 0) best = std::min(best, took.count() / tasks);  // the first starts the worker
  }
  std::printf("%.4f\n", best);
}
