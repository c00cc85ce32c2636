// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process.
// The pointer points into the worker.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int* make() { return new int(1); }
int made() { return 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(make);
#else
  pool.submit(made);
#endif
}
