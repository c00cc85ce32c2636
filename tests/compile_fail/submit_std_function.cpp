// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::function hides what it holds, so that it cannot be sent.
// std::function hides what it holds.
#include <concurrent/futures.hpp>
#include <functional>

namespace cf = concurrent::futures;

int task() { return 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(std::function<int()>(task));
#else
  pool.submit(task);
#endif
}
