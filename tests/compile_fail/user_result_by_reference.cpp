// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::reference_wrapper (std::ref) means nothing in another process. Pass the value itself
// A result through a reference.
#include <concurrent/futures.hpp>
#include <functional>

namespace cf = concurrent::futures;

void add_to(int& total, int n) { total += n; }
int add(int total, int n) { return total + n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  int total = 0;
#ifdef CASE
  pool.submit(add_to, std::ref(total), 3).result();
#else
  total = pool.submit(add, total, 3).result();
#endif
  return total;
}
