// SPDX-License-Identifier: BSL-1.0
// What a pool costs that is used once: made, first result, destroyed. Row S7.
#include <fmt/core.h>

#include <concurrent/futures.hpp>

#include "measure.hpp"

namespace cf = concurrent::futures;

int main() {
  // The caller has 10 MiB of touched memory, as the mark says.
  const std::vector<char> memory(std::size_t{10} << 20, 'x');
  bench::Samples milliseconds;
  for (int i = 0; i < 50; ++i) {
    const auto start = std::chrono::steady_clock::now();
    {
      cf::ProcessPoolExecutor pool(2);
      pool.submit([] {}).result();
    }
    milliseconds.add(bench::seconds_since(start) * 1e3);
  }
  fmt::print("| S7 | executor made, first result, destroyed | {:.2f} ms (of 50: {:.2f} to {:.2f}) | at most 2 ms |\n",
             milliseconds.median(), milliseconds.values.front(), milliseconds.values.back());
  return memory.back() == 'x' ? 0 : 1;
}
