// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the first argument is nothing that can be called.
// expect: submit(function, x)
#include <concurrent/pickle.hpp>

int work(int x) { return x; }

int main() {
#ifdef CASE
  concurrent::pickle::check_call<decltype(work(1))>();
#else
  concurrent::pickle::check_call<decltype(work), int>();
#endif
}
