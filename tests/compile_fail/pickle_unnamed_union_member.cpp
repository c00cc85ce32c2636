// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a union does not know which member it holds.
#include <concurrent/pickle.hpp>

#include <variant>

struct Number {
  bool is_whole = true;
#ifdef CASE
  union {
    int whole = 1;
    float fraction;
  } value;
#else
  std::variant<int, float> value = 1;
#endif
};

int main() { concurrent::pickle::dumps(Number()); }
