// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a lambda can be sent as a value only if it captures nothing
#include <concurrent/pickle.hpp>

int main() {
  int number = 1;
  static_cast<void>(number);
#ifdef CASE
  concurrent::pickle::dumps([number] { return number; });
#else
  concurrent::pickle::dumps(+[] { return 1; });
#endif
}
