// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::bind and std::bind_front hide what they hold, so that it cannot be sent. Use
// cf::partial std::bind hides what it holds.
#include <concurrent/futures.hpp>
#include <functional>

namespace cf = concurrent::futures;

int task(int x) { return x; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(std::bind(task, 1));
#else
  pool.submit(cf::partial(task, 1));
#endif
}
