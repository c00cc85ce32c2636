// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <limits>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;
using namespace std::chrono_literals;

TEST_CASE("deadline_after: is as far off as the timeout says") {
  const auto before = std::chrono::steady_clock::now();
  const auto deadline = detail::deadline_after(1h);
  const auto after = std::chrono::steady_clock::now();
  CHECK(deadline >= before + 1h);
  CHECK(deadline <= after + 1h);
  CHECK(detail::deadline_after(std::chrono::duration<double, std::micro>(0.1)) > before);
  CHECK_FALSE(detail::has_passed(deadline));
}

TEST_CASE("deadline_after: what is zero, negative or no number is now") {
  for (const auto deadline :
       {detail::deadline_after(0s), detail::deadline_after(-1ns), detail::deadline_after(std::chrono::hours::min()),
        detail::deadline_after(std::chrono::nanoseconds::min()),
        detail::deadline_after(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()))}) {
    CHECK(detail::has_passed(deadline));
  }
}

TEST_CASE("deadline_after: what no clock can hold is never") {
  for (const auto deadline :
       {detail::deadline_after(std::chrono::hours::max()), detail::deadline_after(std::chrono::nanoseconds::max()),
        detail::deadline_after(std::chrono::years::max()), detail::deadline_after(std::chrono::duration<double>(1e300)),
        detail::deadline_after(std::chrono::duration<double>(std::numeric_limits<double>::infinity()))}) {
    CHECK(deadline == detail::Deadline::max());
    CHECK_FALSE(detail::has_passed(deadline));
  }
}

TEST_CASE("in_seconds: is short") {
  CHECK(detail::in_seconds(250ms) == "0.25 s");
  CHECK(detail::in_seconds(2h) == "7200 s");
}
