// SPDX-License-Identifier: BSL-1.0
// What failed is submitted again.
//
// prints:
//   task 0: done at attempt 1
//   task 1: done at attempt 2
//   task 2: done at attempt 3
#include <concurrent/futures.hpp>
#include <cstdio>
#include <stdexcept>

namespace cf = concurrent::futures;

int flaky(int task, int attempt) {
  if (attempt <= task) throw std::runtime_error("not yet");
  return attempt;
}

int main() {
  cf::ProcessPoolExecutor pool(2);
  for (int task = 0; task < 3; ++task) {
    for (int attempt = 1;; ++attempt) {
      cf::Future<int> future = pool.submit(flaky, task, attempt);
      if (future.exception() != nullptr) continue;
      std::printf("task %d: done at attempt %d\n", task, future.result());
      break;
    }
  }
}
