// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a union does not know which member it holds. Use std::variant.
#include <concurrent/pickle.hpp>

#include <variant>

#ifdef CASE
union Either {
  int number;
  float real;
};
#else
using Either = std::variant<int, float>;
#endif

int main() { concurrent::pickle::dumps(Either()); }
