// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing in
// A call that should wait for another one.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int first() { return 1; }
int second(const cf::Future<int>& before) { return before.result() + 1; }
int second_of(int before) { return before + 1; }

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  int result = pool.submit(second, pool.submit(first)).result();
#else
  int result = pool.submit(second_of, pool.submit(first).result()).result();
#endif
  return result;
}
