// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures by reference, which means nothing in another process.
// The variable is in the caller.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  int n = 1;
  pool.submit([&n] { return n; });
#else
  int n = 1;
  pool.submit([n] { return n; });
#endif
}
