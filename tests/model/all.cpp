// SPDX-License-Identifier: BSL-1.0
// Every program of this folder to its end, or as far as takes some half a minute each: what README.md has figures of.
#include "model/check.hpp"

TEST_CASE("Model: every program to its end", "[long]") {
  std::set<std::string> names;
  for (const auto make : model::known_cases()) {
    for (const model::Case& one : make()) {
      CHECK(names.insert(one.name).second);
      model::Limits limits = one.limits;
      limits.executions = 200'000;
      model::check(one.name, one.set_up, limits);
    }
  }
}
