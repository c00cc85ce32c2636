// SPDX-License-Identifier: BSL-1.0
// The rows of the conformance of shared state that need pools are covered here: read from the names of the tests.
#include "support/shared_state_rows.hpp"

using namespace support::shared_state;

TEST_CASE("shared state: rows that need pools") {
  const std::map<std::string, int> cases = count_cases();
  for (const Row& row : rows) {
    if (row.by != By::programs) continue;
    const auto found = cases.find(row.id);
    std::printf("%s %s: %d\n", row.id, row.title, found == cases.end() ? 0 : found->second);
    if (found == cases.end()) FAIL_CHECK("no test is named with the id " << row.id);
  }
}
