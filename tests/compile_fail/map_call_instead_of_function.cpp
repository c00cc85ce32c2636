// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: the function cannot be called with one item of each range.
// The function is called here, and its result is given to map.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int task(int n) { return n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.map(task(1), std::vector{1, 2});
#else
  pool.map(task, std::vector{1, 2});
#endif
}
