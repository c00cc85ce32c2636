// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments.
// The function takes two, and there is one range.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int add(int a, int b) { return a + b; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.map(add, std::vector{1, 2});
#else
  pool.map(add, std::vector{1, 2}, std::vector{3, 4});
#endif
}
