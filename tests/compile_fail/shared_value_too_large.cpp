// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::multiprocessing: a Value must be lock-free between processes, and this type is too large. Use a
// type
#include <concurrent/multiprocessing.hpp>

struct Large {
  double numbers[3];
};

int main() {
#ifdef CASE
  concurrent::multiprocessing::Value<Large> value;
#else
  concurrent::multiprocessing::Array<Large> value;
#endif
}
