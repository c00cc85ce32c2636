// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: add_done_callback: the callback cannot be called with this future. Give it one
// A callback that does not take the future.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  static bool done = false;
  auto future = pool.submit(square, 3);
#ifdef CASE
  future.add_done_callback([] { done = true; });
#else
  future.add_done_callback([](const cf::Future<int>&) { done = true; });
#endif
  return future.result() + done;
}
