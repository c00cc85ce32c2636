// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a reference means nothing in another process.
#include <concurrent/pickle.hpp>

#include <tuple>

int main() {
  int number = 1;
#ifdef CASE
  concurrent::pickle::dumps(std::tuple<int&>(number));
#else
  concurrent::pickle::dumps(std::tuple<int>(number));
#endif
}
