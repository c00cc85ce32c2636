// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number
// An argument forgotten, the result used at once.
#include <concurrent/futures.hpp>
#include <string>

namespace cf = concurrent::futures;

std::string join(const std::string& a, const std::string& b) { return a + b; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::string text;
#ifdef CASE
  text += pool.submit(join, "a").result();
#else
  text += pool.submit(join, "a", "b").result();
#endif
  return static_cast<int>(text.size());
}
