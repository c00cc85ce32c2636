// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number
// expect: a parameter of type T& cannot take a copy
// The function would change a copy, and the caller would never see it.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

void increase(int& n) { ++n; }
int increased(int n) { return n + 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  int n = 1;
  pool.submit(increase, n);
#else
  int n = 1;
  n = pool.submit(increased, n).result();
#endif
}
