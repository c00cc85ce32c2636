// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: this lambda captures something that is not trivially copyable
// A string captured by the function of a map.
#include <concurrent/futures.hpp>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<int> numbers{1, 2, 3};
  std::string prefix = "file", names;
#ifdef CASE
  for (const std::string& name : pool.map([prefix](int n) { return prefix + std::to_string(n); }, numbers))
    names += name;
#else
  for (const std::string& name : pool.map([](int n) { return std::to_string(n); }, numbers)) names += prefix + name;
#endif
  return static_cast<int>(names.size());
}
