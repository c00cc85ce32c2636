// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: an argument after the function is no range. Give it containers
// A number where the range should be, the results as a vector.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  std::vector<int> squares = pool.map(square, 10).to_vector();
#else
  std::vector<int> squares = pool.map(square, std::vector{10}).to_vector();
#endif
  return squares.at(0);
}
