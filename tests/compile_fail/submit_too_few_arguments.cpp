// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number
// The function takes two arguments and gets one.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int add(int a, int b) { return a + b; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(add, 1);
#else
  pool.submit(add, 1, 2);
#endif
}
