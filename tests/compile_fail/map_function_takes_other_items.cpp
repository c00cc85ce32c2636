// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: map: the function cannot be called with one item of each range.
// The function does not take what the range gives.
#include <concurrent/futures.hpp>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

std::size_t length(const std::string& text) { return text.size(); }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.map(length, std::vector<int>{1, 2});
#else
  pool.map(length, std::vector<std::string>{"a", "b"});
#endif
}
