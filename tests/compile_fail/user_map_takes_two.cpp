// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: the function cannot be called with one item of each range. Check their
// A function of two parameters and one range, the results added up.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int add(int a, int b) { return a + b; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<int> numbers{1, 2, 3};
  int total = 0;
#ifdef CASE
  for (int sum : pool.map(add, numbers)) total += sum;
#else
  for (int sum : pool.map(add, numbers, numbers)) total += sum;
#endif
  return total;
}
