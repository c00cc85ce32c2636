// SPDX-License-Identifier: BSL-1.0
// Three ways to wait for all tasks: wait(), shutdown(), and the end of the pool's scope.
//
// prints:
//   wait: 5 done, 0 not done
//   shutdown: done
//   end of scope: done
#include <concurrent/futures.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

void task(int) {}

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool.submit(task, i));
  const auto [done, not_done] = cf::wait(futures);
  std::printf("wait: %zu done, %zu not done\n", done.size(), not_done.size());

  cf::Future<void> last = pool.submit(task, 5);
  pool.shutdown();
  std::printf("shutdown: %s\n", last.done() ? "done" : "not done");

  {
    cf::ProcessPoolExecutor scoped(2);
    last = scoped.submit(task, 6);
  }
  std::printf("end of scope: %s\n", last.done() ? "done" : "not done");
}
