// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means
// expect: Future<int>
// A future of this process; its result can travel.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int with_future(cf::Future<int> f) { return f.result(); }
int with_result(int n) { return n; }
int task() { return 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(with_future, pool.submit(task));
#else
  pool.submit(with_result, pool.submit(task).result());
#endif
}
