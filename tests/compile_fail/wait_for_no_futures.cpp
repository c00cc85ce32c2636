// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: the range holds no futures.
// A range of results is no range of futures.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int task() { return 1; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  cf::wait(std::vector{pool.submit(task).result()});
#else
  cf::wait(std::vector{pool.submit(task)});
#endif
}
