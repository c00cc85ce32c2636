// SPDX-License-Identifier: BSL-1.0
// How the tests of this folder ask: is a program right in every execution, and is each memory order in it needed?
#pragma once

#include "model/atomic.hpp"

namespace model {

using SetUp = std::function<void(Explorer::Program&)>;

/// Checks that the program is right in all executions within the limits, and prints how many there are. With
/// MODEL_SCHEDULE="0 1 0 …", which a fault is told with, in that one alone.
inline Report check(const std::string& what, const SetUp& set_up, Limits limits = {}) {
  if (const char* const schedule = std::getenv("MODEL_SCHEDULE")) {
    std::istringstream choices(schedule);
    for (unsigned choice = 0; choices >> choice;) limits.schedule.push_back(choice);
  }
  const auto start = std::chrono::steady_clock::now();
  Explorer explored(limits);
  Report report = explored.explore(set_up);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  char text[240];
  std::snprintf(text, sizeof text, "%s: %zu executions, %zu more found to repeat one, %zu cut, %.1f s\n", what.c_str(),
                report.executions - report.left_out - report.cut, report.left_out, report.cut, seconds);
  std::fputs(text, stdout);
  INFO(report.fault);
  CHECK(report.fault.empty());
  CHECK((limits.endless || report.cut == 0));
  return report;
}

/// One program and how far it is explored.
struct Case {
  std::string name;
  SetUp set_up;
  Limits limits;
  bool is_long = false;  // not by default
};
using Cases = std::vector<Case>;

/// All programs, for who asks which memory orders they need (orders.cpp).
inline std::vector<Cases (*)()>& known_cases() {
  static std::vector<Cases (*)()> all;
  return all;
}
struct Known {
  explicit Known(Cases (*make)()) { known_cases().push_back(make); }
};

/// Checks those that are to be checked by default, as far as takes a second or less; all.cpp goes on to their end.
inline void check_all(const Cases& cases) {
  constexpr std::size_t most = 8'000;
  for (const Case& one : cases) {
    if (one.is_long) continue;
    Limits limits = one.limits;
    limits.executions = limits.executions == 0 ? most : (std::min)(limits.executions, most);
    check(one.name, one.set_up, limits);
  }
}

}  // namespace model
