// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::function hides what it holds, so that it cannot be sent
// Tasks kept as std::function, as for a thread pool.
#include <concurrent/futures.hpp>
#include <functional>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> futures;
#ifdef CASE
  std::vector<std::function<int(int)>> tasks{square};
  for (const auto& task : tasks) futures.push_back(pool.submit(task, 3));
#else
  std::vector<int (*)(int)> tasks{square};
  for (const auto& task : tasks) futures.push_back(pool.submit(task, 3));
#endif
  return futures[0].result();
}
