// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures by reference
// Everything captured by reference, as with std::async.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int size_of(const std::vector<int>& numbers) { return static_cast<int>(numbers.size()); }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<int> numbers{1, 2, 3};
#ifdef CASE
  cf::Future<int> sum = pool.submit([&] { return size_of(numbers); });
#else
  cf::Future<int> sum = pool.submit([](const std::vector<int>& copy) { return size_of(copy); }, numbers);
#endif
  return sum.result();
}
