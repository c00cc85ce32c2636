// SPDX-License-Identifier: BSL-1.0
// Several tasks update one shared counter, and each its part of a shared array, without a lock.
//
// prints:
//   the exact total: 40000
//   and what each task added to it: 10000 10000 10000 10000
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstddef>
#include <cstdio>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

void count(mp::Value<int> counter, mp::Array<int> counts, std::size_t task, int times) {
  for (int i = 0; i < times; ++i) {
    counter.fetch_add(1);
    ++counts[task];
  }
}

int main() {
  const mp::Value<int> counter;
  const mp::Array<int> counts(4);
  {
    cf::ProcessPoolExecutor pool(4);
    for (std::size_t task = 0; task < counts.size(); ++task) pool.submit(count, counter, counts, task, 10'000);
  }
  std::printf("the exact total: %d\nand what each task added to it:", counter.load());
  for (int n : counts) std::printf(" %d", n);
  std::printf("\n");
}
