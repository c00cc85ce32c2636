// SPDX-License-Identifier: BSL-1.0
// Results in the order of submission: ask the futures in that order.
//
// prints:
//   0 1 2 3 4 5 6 7 8 9
#include <concurrent/futures.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

int task(int number) { return number; }

int main() {
  cf::ProcessPoolExecutor pool(4);
  std::vector<cf::Future<int>> futures;
  for (int number = 0; number < 10; ++number) futures.push_back(pool.submit(task, number));
  for (const auto& future : futures) std::printf("%s%d", future == futures.front() ? "" : " ", future.result());
  std::printf("\n");
}
