// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: partial: the first argument is nothing that can be called.
// The function is called where it should be passed.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

int task(int x) { return x; }

int main() {
#ifdef CASE
  const auto bound = cf::partial(task(1));
#else
  const auto bound = cf::partial(task, 1);
#endif
  static_cast<void>(bound);
}
