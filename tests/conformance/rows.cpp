// SPDX-License-Identifier: BSL-1.0
// conformance: rows: which rows of CPython's own tests are covered, read from the names of the tests in this program.
#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/executors.hpp"

namespace {

/// Rows without a meaning here, each with the reason.
const std::map<std::string, std::string> not_applicable{
    {"H6", "glue that generates CPython's tests"},
    {"F10", "names of Python modules"},
    {"E8", "types are checked by the compiler"},
    {"E15", "map without a range does not compile: tests/compile_fail"},
    {"P1", "a limit of Windows handles"},
    {"P13", "max_tasks_per_child works under every start method (A9)"},
    {"P23", "an unknown operation cannot be named: two functions instead of a text"},
    {"I4", "the same as I3, which runs for every start method"},
    {"A4", "not in the list"},
};

struct Group {
  const char* letter;
  int count;
  const char* what;
};

constexpr Group groups[] = {
    {"H", 6, "harness"},    {"F", 22, "Future"},      {"W", 9, "wait"},          {"C", 5, "as_completed"},
    {"E", 21, "executors"}, {"T", 7, "thread pool"},  {"P", 27, "process pool"}, {"S", 20, "shutdown"},
    {"D", 16, "deadlocks"}, {"I", 4, "initializers"}, {"X", 20, "extra rows"},   {"A", 11, "deliberately better"},
};

std::vector<std::string> test_names() {
  std::vector<std::string> names;
#if __has_include(<catch2/catch_all.hpp>)
  for (const auto* info : Catch::getRegistryHub().getTestCaseRegistry().getAllInfos())
    if (!info->isHidden()) names.emplace_back(info->name);
#else
  for (const auto& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests())
    if (!test.isHidden()) names.push_back(test.name);
#endif
  return names;
}

/// "X4 A10 callback: …" carries the ids X4 and A10.
std::set<std::string> ids_in(const std::string& name) {
  std::set<std::string> ids;
  std::istringstream words(name);
  for (std::string word; words >> word;) {
    const std::size_t digits = word.find_first_not_of("0123456789", 1);
    const bool is_id = word.size() > 1 && word[0] >= 'A' && word[0] <= 'Z' &&
                       (digits == std::string::npos || (digits > 1 && word.substr(digits) == "b"));
    if (!is_id) break;
    ids.insert(word);
  }
  return ids;
}

std::vector<std::string> all_rows() {
  std::vector<std::string> rows;
  for (const Group& group : groups) {
    for (int i = 1; i <= group.count; ++i) {
      rows.push_back(group.letter + std::to_string(i));
      if (rows.back() == "E4") rows.push_back("E4b");
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("conformance: rows") {
  std::map<std::string, int> cases;
  for (const std::string& name : test_names()) {
    for (const std::string& id : ids_in(name)) ++cases[id];
  }
  int covered = 0;
  int excused = 0;
  for (const std::string& row : all_rows()) {
    const auto excuse = not_applicable.find(row);
    if (cases[row] > 0) {
      std::printf("%-4s covered, %d case%s\n", row.c_str(), cases[row], cases[row] == 1 ? "" : "s");
      ++covered;
    } else if (excuse != not_applicable.end()) {
      std::printf("%-4s N/A: %s\n", row.c_str(), excuse->second.c_str());
      ++excused;
    } else {
      std::printf("%-4s MISSING\n", row.c_str());
      FAIL_CHECK("no test is named with the id " << row);
    }
    CHECK((cases[row] == 0 || excuse == not_applicable.end()));
    cases.erase(row);
  }
  cases.erase("D");  // cells of the matrix beyond CPython's rows
  for (const auto& [id, count] : cases) FAIL_CHECK("a test is named with " << id << ", which is no row");
  std::printf("%d rows covered, %d not applicable, of %zu\n", covered, excused, all_rows().size());
}
