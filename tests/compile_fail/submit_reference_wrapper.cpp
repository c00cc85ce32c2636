// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::reference_wrapper (std::ref) means nothing in another process.
// std::ref, as for std::thread.
#include <concurrent/futures.hpp>
#include <functional>

namespace cf = concurrent::futures;

int twice(int n) { return 2 * n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  int n = 1;
  pool.submit(twice, std::ref(n));
#else
  int n = 1;
  pool.submit(twice, n);
#endif
}
