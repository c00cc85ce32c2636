// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: the function cannot be called with one item of each range. Check their
// process_map with a function of two parameters and one range.
#include <concurrent/futures.hpp>
#include <concurrent/futures/progress.hpp>
#include <vector>

namespace cf = concurrent::futures;

int add(int a, int b) { return a + b; }

int main() {
  std::vector<int> numbers{1, 2, 3};
#ifdef CASE
  std::vector<int> sums = cf::process_map(add, numbers);
#else
  std::vector<int> sums = cf::process_map(add, numbers, numbers);
#endif
  return sums.at(0);
}
