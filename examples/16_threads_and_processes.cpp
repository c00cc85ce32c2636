// SPDX-License-Identifier: BSL-1.0
// Threads for what waits, processes for what computes: side by side, and a thread pool inside each task of a process
// pool. A function that takes any executor works with both.
//
// prints:
//   side by side: 30 and 5050
//   threads inside processes: 60
//   any executor: 16 16
#include <concurrent/futures.hpp>
#include <cstdio>
#include <numeric>
#include <vector>

namespace cf = concurrent::futures;

int wait_for_device(int n) { return 10 * n; }

int sum_to(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 1);
  return std::accumulate(numbers.begin(), numbers.end(), 0);
}

int many_devices(int n) {
  cf::ThreadPoolExecutor threads(2);
  int sum = 0;
  for (int value : threads.map(wait_for_device, std::vector{1, 2, 3})) sum += n * value;
  return sum;
}

template <cf::Executor Pool>
int square_in(Pool& pool, int n) {
  return pool.submit([](int m) { return m * m; }, n).result();
}

int main() {
  cf::ProcessPoolExecutor processes(2);
  cf::ThreadPoolExecutor threads(2);
  auto waited = threads.submit(wait_for_device, 3);
  auto computed = processes.submit(sum_to, 100);
  std::printf("side by side: %d and %d\n", waited.result(), computed.result());
  std::printf("threads inside processes: %d\n", processes.submit(many_devices, 1).result());
  std::printf("any executor: %d %d\n", square_in(processes, 4), square_in(threads, 4));
}
