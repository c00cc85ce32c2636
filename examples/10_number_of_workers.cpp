// SPDX-License-Identifier: BSL-1.0
// How many workers: by default as many as this process may use cores; workers start only when there is work for them.
//
// prints:
//   the default is the number of usable CPUs: yes
//   4
//   60
//   workers started so far: 0
//   after one task: 1
//   a wrong number: <…>max_workers<…>-3<…>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <stdexcept>

namespace cf = concurrent::futures;

int main() {
  cf::ProcessPoolExecutor by_default;
  const bool usable = by_default.max_workers() == concurrent::multiprocessing::usable_cpu_count();
  std::printf("the default is the number of usable CPUs: %s\n", usable ? "yes" : "no");
  cf::ProcessPoolExecutor four(4);
  std::printf("%d\n", four.max_workers());
  cf::ProcessPoolExecutor sixty({.max_workers = 60});
  std::printf("%d\n", sixty.max_workers());
  std::printf("workers started so far: %zu\n", sixty.processes().size());
  sixty.submit([] {}).result();
  std::printf("after one task: %zu\n", sixty.processes().size());
  try {
    cf::ProcessPoolExecutor wrong(-3);
  } catch (const std::invalid_argument& error) {
    std::printf("a wrong number: %s\n", error.what());
  }
}
