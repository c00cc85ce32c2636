// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::shared_ptr<T[]> does not know how many elements it has.
#include <concurrent/pickle.hpp>

#include <memory>
#include <vector>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::shared_ptr<int[]>());
#else
  concurrent::pickle::dumps(std::shared_ptr<std::vector<int>>());
#endif
}
