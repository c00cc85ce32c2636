// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: the range holds no futures. Give wait and as_completed a range of Future<T> or of
// as_completed of what map has yielded.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<int> numbers = pool.map(square, std::vector{1, 2}).to_vector();
  int total = 0;
#ifdef CASE
  for (auto future : cf::as_completed(numbers)) total += future.result();
#else
  for (auto future : cf::as_completed(std::vector{pool.submit(square, 2)})) total += future.result();
#endif
  return total;
}
