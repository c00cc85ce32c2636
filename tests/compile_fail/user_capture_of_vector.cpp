// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures something that is not trivially copyable
// A vector captured by value.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<int> numbers{1, 2, 3};
  int total = 0;
#ifdef CASE
  auto size = pool.submit([numbers] { return static_cast<int>(numbers.size()); });
  total += size.result();
#else
  auto size = pool.submit([](const std::vector<int>& copy) { return static_cast<int>(copy.size()); }, numbers);
  total += size.result();
#endif
  return total;
}
