// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: there is no range. Give it at least one after the function: map(fn, items).
// map without the items, in a loop over the results.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  for (int result : pool.map(square)) static_cast<void>(result);
#else
  for (int result : pool.map(square, std::vector{1, 2, 3})) static_cast<void>(result);
#endif
}
