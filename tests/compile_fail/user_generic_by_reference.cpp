// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number
// A generic lambda that wants a reference, its futures kept.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> futures;
#ifdef CASE
  futures.push_back(pool.submit([](auto& n) { return n * n; }, 3));
#else
  futures.push_back(pool.submit([](auto n) { return n * n; }, 3));
#endif
  return futures[0].result();
}
