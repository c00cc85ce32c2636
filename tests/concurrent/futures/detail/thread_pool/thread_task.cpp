// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/thread.hpp>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;

// Larger blocks than 120 bytes go back to the system with each burst of short tasks, and it takes ten times as long.
TEST_CASE("ThreadFutureState: that of a function with two numbers stays a small block") {
  static_assert(sizeof(detail::ThreadFutureState<int, int (*)(int)>) <= 112);
  CHECK(sizeof(detail::ThreadFutureState<int, int (*)(int, int), int, int>) <= 120);
}
