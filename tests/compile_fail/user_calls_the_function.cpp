// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the first argument is nothing that can be called. Pass the function and its
// The call instead of the function, in a loop that keeps the futures.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 3; ++i) {
#ifdef CASE
    futures.push_back(pool.submit(square(i)));
#else
    futures.push_back(pool.submit(square, i));
#endif
  }
  for (const auto& future : futures) static_cast<void>(future.result() + 1);
}
