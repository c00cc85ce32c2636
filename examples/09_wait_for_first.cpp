// SPDX-License-Identifier: BSL-1.0
// The first answer is enough: wait for it, and cancel what has not begun.
//
// prints:
//   the first result: 0
//   most tasks were cancelled: yes
#include <algorithm>
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <thread>
#include <vector>

namespace cf = concurrent::futures;

int task(int number) {
  std::this_thread::sleep_for(std::chrono::milliseconds(50 * number));
  return number;
}

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(task, std::min(i, 4)));

  auto [done, not_done] = cf::wait(futures, cf::FIRST_COMPLETED);
  std::printf("the first result: %d\n", done.front().result());
  pool.shutdown(false, true);

  const auto cancelled = std::count_if(futures.begin(), futures.end(), [](const auto& f) { return f.cancelled(); });
  std::printf("most tasks were cancelled: %s\n", cancelled >= 10 ? "yes" : "no");
}
