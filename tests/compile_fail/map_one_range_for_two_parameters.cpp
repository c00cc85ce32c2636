// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: the function cannot be called with one item of each range.
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
