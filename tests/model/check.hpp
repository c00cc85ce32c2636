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
  CHECK(report.cut == 0);
  return report;
}

/// The orders that are the next weaker ones for such an operation.
inline std::vector<Order> weaker(Kind kind, Order order) {
  if (order == Order::seq_cst) {
    if (kind == Kind::load) return {Order::acquire};
    if (kind == Kind::store) return {Order::release};
    return {Order::acq_rel};
  }
  if (order == Order::acq_rel) return {Order::acquire, Order::release};
  return {Order::relaxed};
}

/// One program and how far it is explored.
struct Case {
  std::string name;
  SetUp set_up;
  Limits limits;
};

inline const char* name_of(Kind kind) {
  return kind == Kind::load ? "load" : kind == Kind::store ? "store" : "read-modify-write";
}

/// Weakens each memory order that the programs meet in the library's headers, one at a time and by one step, and says
/// which of them make no program go wrong: those orders are not needed, as far as these programs tell. `file`: only
/// those in a header of that name.
inline std::vector<std::string> unneeded_orders(const std::vector<Case>& cases, const std::string& file = "") {
  std::map<Site, std::pair<Kind, Order>> sites;
  for (const Case& one : cases) {
    for (const auto& [site, use] : check(one.name, one.set_up, one.limits).sites) {
      const std::string path = site.file;
      if (path.find("include/concurrent/") != std::string::npos && path.find("/" + file) != std::string::npos)
        sites.emplace(site, use);
    }
  }
  std::vector<std::string> unneeded;
  std::size_t tried = 0;
  for (const auto& [site, use] : sites) {
    for (const Order order : weaker(use.first, use.second)) {
      ++tried;
      const std::string text =
          site.text() + ": " + name_of(use.first) + ", " + name_of(use.second) + " to " + name_of(order);
      std::string fault;
      for (const Case& one : cases) {
        Explorer explored(one.limits);
        explored.weaken(site, order);
        const Report report = explored.explore(one.set_up);
        if (report.fault.empty()) continue;
        fault = one.name + ": " + report.fault.substr(0, report.fault.find('\n'));
        break;
      }
      std::printf("%s: %s\n", text.c_str(), fault.empty() ? "NOT NEEDED" : fault.c_str());
      if (fault.empty()) unneeded.push_back(text);
    }
  }
  std::printf("%zu of %zu weakened orders were noticed\n", tried - unneeded.size(), tried);
  return unneeded;
}

}  // namespace model
