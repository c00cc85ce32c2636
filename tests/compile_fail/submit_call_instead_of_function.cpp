// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the first argument is nothing that can be called.
// expect: submit(function, x)
// The function is called here, and its result is submitted.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int task(int n) { return n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(task(1));
#else
  pool.submit(task, 1);
#endif
}
