// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a pointer to characters means nothing in another process. Use std::string.
// A function of C that returns text.
#include <concurrent/futures.hpp>
#include <string>

namespace cf = concurrent::futures;

const char* name_of(int n) { return n == 0 ? "zero" : "other"; }
std::string string_of(int n) { return name_of(n); }

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  std::string name = pool.submit(name_of, 3).result();
#else
  std::string name = pool.submit(string_of, 3).result();
#endif
  return static_cast<int>(name.size());
}
