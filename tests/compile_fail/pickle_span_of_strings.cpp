// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a std::span can be sent only if its elements are plain values
#include <concurrent/pickle.hpp>

#include <span>
#include <string>
#include <vector>

int main() {
  const std::vector<std::string> texts;
#ifdef CASE
  concurrent::pickle::dumps(std::span<const std::string>(texts));
#else
  concurrent::pickle::dumps(texts);
#endif
}
