// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process.
// What partial binds must be able to travel.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int task(const int* pointer) { return pointer == nullptr ? 0 : 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
  int number = 1;
#ifdef CASE
  pool.submit(cf::partial(task, &number));
#else
  pool.submit(cf::partial(task, cf::inherited(&number)));
#endif
}
