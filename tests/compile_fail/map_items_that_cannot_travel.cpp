// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process.
// A range of pointers, whose values could travel.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int twice_of(const int* n) { return 2 * *n; }
int twice(int n) { return 2 * n; }

int main() {
  cf::ProcessPoolExecutor pool(1);
  int n = 1;
#ifdef CASE
  pool.map(twice_of, std::vector{&n});
#else
  pool.map(twice, std::vector{n});
#endif
}
