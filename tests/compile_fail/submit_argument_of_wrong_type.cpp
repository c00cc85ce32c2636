// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: the callable cannot be called with copies of these arguments. Check their number
// expect: std::vector<int
// The function takes a string and gets a number.
#include <concurrent/futures.hpp>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

std::size_t length(const std::string& text) { return text.size(); }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(length, std::vector<int>{1});
#else
  pool.submit(length, "text");
#endif
}
