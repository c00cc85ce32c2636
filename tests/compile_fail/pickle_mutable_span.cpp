// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a std::span of elements that can be changed cannot be sent
#include <concurrent/pickle.hpp>

#include <span>
#include <vector>

int main() {
  std::vector<int> numbers;
#ifdef CASE
  concurrent::pickle::dumps(std::span<int>(numbers));
#else
  concurrent::pickle::dumps(std::span<const int>(numbers));
#endif
}
