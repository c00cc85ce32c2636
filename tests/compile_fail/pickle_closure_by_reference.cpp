// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures by reference, which means nothing in another process.
#include <concurrent/pickle.hpp>

int main() {
  int number = 1;
#ifdef CASE
  concurrent::pickle::check_call<decltype([&number] { return number; })>();
#else
  concurrent::pickle::check_call<decltype([number] { return number; })>();
#endif
}
