// SPDX-License-Identifier: BSL-1.0
// Exceptions: caught in the task, by the taker of the result, and in a map, where only the failing item fails.
//
// prints:
//   caught in the task: 0
//   caught by the taker: division of 1 by zero
//   a worker's task threw it: yes
//   the future holds one: yes
//   100
//   50
//   failed
//   25
#include <concurrent/futures.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

int divide(int n, int by) {
  if (by == 0) throw std::domain_error("division of " + std::to_string(n) + " by zero");
  return n / by;
}

int divide_or_zero(int n, int by) {
  try {
    return divide(n, by);
  } catch (const std::domain_error&) {
    return 0;
  }
}

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::printf("caught in the task: %d\n", pool.submit(divide_or_zero, 1, 0).result());

  cf::Future<int> future = pool.submit(divide, 1, 0);
  try {
    future.result();
  } catch (const std::domain_error& error) {
    std::printf("caught by the taker: %s\n", error.what());
    try {
      std::rethrow_if_nested(error);
    } catch (const cf::RemoteTraceback& cause) {  // which worker, which task
      std::printf("a worker's task threw it: %s\n", cause.pid() > 0 ? "yes" : "no");
    }
  }
  std::printf("the future holds one: %s\n", future.exception() ? "yes" : "no");

  auto quotients = pool.map(divide, std::vector(4, 100), std::vector{1, 2, 0, 4});
  for (auto it = quotients.begin(); it != quotients.end(); ++it) {
    try {
      std::printf("%d\n", *it);
    } catch (const std::domain_error&) {
      std::printf("failed\n");
    }
  }
}
