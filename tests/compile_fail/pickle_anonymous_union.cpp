// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: an aggregate with an anonymous union or struct cannot be taken apart.
// expect: Number
// expect: enable_bitwise
#include <concurrent/pickle.hpp>

struct Number {
  bool is_whole = true;
  union {
    int whole = 1;
    float fraction;
  };
};
#ifndef CASE
template <>
inline constexpr bool concurrent::pickle::enable_bitwise<Number> = true;
#endif

int main() { concurrent::pickle::dumps(Number()); }
