// SPDX-License-Identifier: BSL-1.0
// What every consumer project builds: a call in a worker process, and another translation unit that includes it all
// too.
#ifdef SINGLE_HEADER
#include <concurrent_futures.hpp>
#else
#include <concurrent/futures.hpp>
#endif
#include <cstdio>

int in_other_unit(concurrent::futures::ProcessPoolExecutor& pool);

int square(int n) { return n * n; }

int main() {
  concurrent::futures::ProcessPoolExecutor pool(2);
  const int sum = pool.submit(square, 5).result() + in_other_unit(pool);
  std::printf("sum %d\n", sum);
  return sum == 41 ? 0 : 1;
}
