// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>

#include <chrono>
#include <cstdio>
#include <string>

namespace concurrent::futures::inline v0::detail {

using multiprocessing::detail::Deadline;
using multiprocessing::detail::deadline_after;
using multiprocessing::detail::has_passed;

/// "0.25 s", for messages.
template <class Rep, class Period>
std::string in_seconds(const std::chrono::duration<Rep, Period>& time) {
  char text[48];
  std::snprintf(text, sizeof text, "%g s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace concurrent::futures::inline v0::detail
