// SPDX-License-Identifier: BSL-1.0
// How a loop becomes parallel: for (x : range) use(task(x)) becomes for (y : pool.map(task, range)) use(y).
//
// prints:
//   task 0 took 40 ms
//   task 1 took 30 ms
//   task 2 took 20 ms
//   task 3 took 10 ms
//   all tasks are done
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <ranges>
#include <thread>

namespace cf = concurrent::futures;

int task(int number) {
  const int milliseconds = 40 - 10 * number;
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}

int main() {
  cf::ProcessPoolExecutor pool(4);
  int number = 0;
  for (int milliseconds : pool.map(task, std::views::iota(0, 4))) {
    std::printf("task %d took %d ms\n", number++, milliseconds);
  }
  std::printf("all tasks are done\n");
}
