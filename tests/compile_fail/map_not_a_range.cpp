// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: an argument after the function is no range. Give it containers
// A number is no range.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int task(int n) { return n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.map(task, 3);
#else
  pool.map(task, std::vector{1, 2, 3});
#endif
}
