// SPDX-License-Identifier: BSL-1.0
// Progress: a dot for each finished task, by a callback; and a bar, by as_completed.
//
// prints:
//   ........................................
//   [##########] 40 of 40
#include <concurrent/futures.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

int work(int n) { return n % 7; }

int main() {
  {
    cf::ProcessPoolExecutor pool(2);
    for (int i = 0; i < 40; ++i) {
      pool.submit(work, i).add_done_callback([](cf::Future<int>) {
        std::printf(".");
        std::fflush(stdout);
      });
    }
  }
  std::printf("\n");

  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 40; ++i) futures.push_back(pool.submit(work, i));
  std::size_t done = 0;
  for ([[maybe_unused]] const auto& future : cf::as_completed(futures)) {
    ++done;
    const std::string bar(10 * done / futures.size(), '#');
    std::fprintf(stderr, "\r[%-10s] %zu of %zu", bar.c_str(), done, futures.size());
  }
  std::fprintf(stderr, "\n");
  std::printf("[%s] %zu of %zu\n", std::string(10, '#').c_str(), done, futures.size());
}
