// SPDX-License-Identifier: BSL-1.0
// A list of results with one call, while a bar on standard error tells rate and time to come, if that is a terminal;
// and such a bar around any loop.
//
// prints:
//   0 1 4 9 16 25 36 49
//   8 futures, the sum of their results is 140
#include <concurrent/futures.hpp>
#include <concurrent/futures/progress.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  const std::vector<int> numbers{0, 1, 2, 3, 4, 5, 6, 7};
  const std::vector<int> squares = cf::process_map(square, numbers, {.max_workers = 2, .desc = "squares"});
  for (const int n : squares) std::printf(n == 49 ? "%d\n" : "%d ", n);

  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> futures;
  for (const int n : numbers) futures.push_back(pool.submit(square, n));
  int sum = 0;
  for (auto& future : cf::progress(cf::as_completed(futures), {.desc = "futures", .total = futures.size()}))
    sum += future.result();
  std::printf("%zu futures, the sum of their results is %d\n", futures.size(), sum);
}
