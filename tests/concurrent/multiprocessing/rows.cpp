// SPDX-License-Identifier: BSL-1.0
// Which rows of the conformance of shared state are covered, read from the names of the tests in this program.
#include "support/shared_state_rows.hpp"

using namespace support::shared_state;

TEST_CASE("shared state: rows") {
  const std::map<std::string, int> cases = count_cases();
  const auto count = [&](const std::string& id) { return cases.count(id) == 0 ? 0 : cases.at(id); };
  std::map<std::string, By> known;
  for (const Row& row : rows) CHECK(known.emplace(row.id, row.by).second);
  int covered = 0;
  int excused = 0;
  for (const Row& row : rows) {
    const std::string head = std::string(row.id) + std::string(5 - std::string(row.id).size(), ' ') + row.title;
    ++covered;
    if (row.by == By::cases || count(row.id) != 0) {
      std::printf("%s: %d case%s\n", head.c_str(), count(row.id), count(row.id) == 1 ? "" : "s");
      if (count(row.id) == 0) FAIL_CHECK("no test is named with the id " << row.id);
      if (row.by != By::cases && row.by != By::programs) FAIL_CHECK(row.id << " is excused, and has a test");
    } else if (row.by == By::programs) {
      std::printf("%s: in test_start_methods\n", head.c_str());  // which checks it
    } else if (row.by == By::rows) {
      std::printf("%s: %s\n", head.c_str(), row.note);
      for (const std::string& other : words_of(row.note))
        CHECK((known.count(other) == 1 && (known[other] == By::cases || known[other] == By::programs)));
    } else {
      std::printf("%s: N/A, %s\n", head.c_str(), row.note);
      CHECK(row.note[0] != '\0');
      --covered;
      ++excused;
    }
  }
  std::printf("%d rows covered, %d not applicable, of %zu\n", covered, excused, std::size(rows));
}
