// SPDX-License-Identifier: BSL-1.0
// Second tasks for what the first ones found: submitted by the caller, as results come.
//
// prints:
//   0 + 2 + 4 + 6 + 8 = 20
#include <concurrent/futures.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

int first(int n) { return n; }
int second(int n) { return 2 * n; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> firsts;
  for (int i = 0; i < 5; ++i) firsts.push_back(pool.submit(first, i));

  std::vector<cf::Future<int>> seconds;
  for (const auto& future : cf::as_completed(firsts)) seconds.push_back(pool.submit(second, future.result()));

  int sum = 0;
  for (const auto& future : cf::as_completed(seconds)) sum += future.result();
  std::printf("0 + 2 + 4 + 6 + 8 = %d\n", sum);
}
