// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::unique_ptr<T[]> does not know how many elements it has. Use std::vector.
#include <concurrent/pickle.hpp>

#include <memory>
#include <vector>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::unique_ptr<int[]>());
#else
  concurrent::pickle::dumps(std::vector<int>());
#endif
}
