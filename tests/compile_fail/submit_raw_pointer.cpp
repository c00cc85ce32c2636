// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process.
// expect: Refusal::raw_pointer
// The pointer would point to nothing in the worker.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int twice_of(const int* n) { return 2 * *n; }
int twice(int n) { return 2 * n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  int n = 1;
  pool.submit(twice_of, &n);
#else
  int n = 1;
  pool.submit(twice, n);
#endif
}
