// SPDX-License-Identifier: BSL-1.0
// as_completed: results in the order in which they come.
//
// prints:
//   the task of 0 ms is done
//   the task of 200 ms is done
//   the task of 400 ms is done
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <thread>
#include <vector>

namespace cf = concurrent::futures;

int task(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}

int main() {
  cf::ProcessPoolExecutor pool(3);
  std::vector<cf::Future<int>> futures;
  for (int milliseconds : {400, 0, 200}) futures.push_back(pool.submit(task, milliseconds));
  for (const cf::Future<int>& future : cf::as_completed(futures)) {
    std::printf("the task of %d ms is done\n", future.result());
  }
}
