// SPDX-License-Identifier: BSL-1.0
// Several tasks update one shared counter safely: an atomic in memory that was shared before the executor was made.
//
// prints:
//   the exact total: 40000
#include <sys/mman.h>

#include <atomic>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <new>
#include <vector>

namespace cf = concurrent::futures;

std::atomic<int>* counter = nullptr;

void count(int times) {
  for (int i = 0; i < times; ++i) counter->fetch_add(1);
}

int main() {
  void* memory = mmap(nullptr, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  counter = new (memory) std::atomic<int>(0);
  {
    cf::ProcessPoolExecutor pool(4);
    for (int i = 0; i < 4; ++i) pool.submit(count, 10'000);
  }
  std::printf("the exact total: %d\n", counter->load());
}
