// SPDX-License-Identifier: BSL-1.0
// An endless range, at most eight results ahead of the loop; results as they complete; a chunk size found by the pool.
//
// prints:
//   the first square above 1000 is 1024
//   100 results in some order, with the sum 328350
//   the same with chunks: 328350
#include <concurrent/futures.hpp>
#include <cstdio>
#include <ranges>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  for (int n : pool.map(square, std::views::iota(0), cf::MapOptions{.buffersize = 8})) {
    if (n <= 1000) continue;
    std::printf("the first square above 1000 is %d\n", n);
    break;  // leaving cancels what has not started
  }

  int count = 0;
  int sum = 0;
  for (int n : pool.map_unordered(square, std::views::iota(0, 100))) {
    ++count;
    sum += n;
  }
  std::printf("%d results in some order, with the sum %d\n", count, sum);

  sum = 0;
  for (int n : pool.map(square, std::views::iota(0, 100), cf::MapOptions{.chunksize = cf::auto_chunksize})) sum += n;
  std::printf("the same with chunks: %d\n", sum);
}
