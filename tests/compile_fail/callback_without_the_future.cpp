// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: add_done_callback: the callback cannot be called with this future.
// A callback gets the future; Python users forget it too.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int task() { return 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(task).add_done_callback([] {});
#else
  pool.submit(task).add_done_callback([](cf::Future<int>) {});
#endif
}
