// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing in
// expect: std::mutex
// A mutex that the tasks should share.
#include <concurrent/futures.hpp>
#include <memory>
#include <mutex>
#include <vector>

namespace cf = concurrent::futures;

int count(int n, const std::shared_ptr<std::mutex>&) { return n; }
int count_alone(int n) { return n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  auto mutex = std::make_shared<std::mutex>();
  std::vector<cf::Future<int>> futures;
#ifdef CASE
  for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(count, i, mutex));
#else
  for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(count_alone, i));
#endif
  return futures[0].result();
}
