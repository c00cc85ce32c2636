// SPDX-License-Identifier: BSL-1.0
// fault: rows: each row of the matrix has its test under each policy, read from the names of the tests in this program.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

std::vector<std::string> test_names() {
  std::vector<std::string> names;
#if __has_include(<catch2/catch_all.hpp>)
  for (const auto* info : Catch::getRegistryHub().getTestCaseRegistry().getAllInfos()) names.emplace_back(info->name);
#else
  for (const auto& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests()) names.push_back(test.name);
#endif
  return names;
}

}  // namespace

TEST_CASE("fault: rows") {
  constexpr int rows = 83;
  std::map<int, std::set<std::string>> policies;
  for (const std::string& name : test_names()) {
    if (name.rfind("fault ", 0) != 0) continue;
    const int row = std::atoi(name.c_str() + 6);
    const std::size_t open = name.rfind('(');
    policies[row].insert(name.substr(open + 1, name.size() - open - 2));
  }
  int covered = 0;
  for (int row = 1; row <= rows; ++row) {
    const std::set<std::string> wanted{"break_pool", "fail_task"};
    if (policies[row] == wanted) {
      ++covered;
    } else {
      FAIL_CHECK("row " << row << " has no test under both policies");
    }
    policies.erase(row);
  }
  for (const auto& [row, names] : policies) FAIL_CHECK("a test is named with " << row << ", which is no row");
  std::printf("%d of %d rows covered, under both policies\n", covered, rows);
}
