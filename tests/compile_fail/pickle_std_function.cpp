// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: std::function hides what it holds, so that it cannot be sent.
#include <concurrent/pickle.hpp>

#include <functional>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::function<int()>());
#else
  concurrent::pickle::dumps(static_cast<int (*)()>(nullptr));
#endif
}
