// SPDX-License-Identifier: BSL-1.0
#ifdef SINGLE_HEADER
#include <concurrent_futures.hpp>
#else
#include <concurrent/futures.hpp>
#endif

int in_other_unit(concurrent::futures::ProcessPoolExecutor& pool);

int in_other_unit(concurrent::futures::ProcessPoolExecutor& pool) {
  return pool.submit([](int n) { return 2 * n; }, 8).result();
}
