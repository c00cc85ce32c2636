// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: there is no range. Give it at least one after the function
// Nothing to go over.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int task(int n) { return n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.map(task);
#else
  pool.map(task, std::vector{1, 2});
#endif
}
