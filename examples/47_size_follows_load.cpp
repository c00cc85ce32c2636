// SPDX-License-Identifier: BSL-1.0
// A sweep over parameters that leaves the machine to others when they need it: the number of workers follows the load,
// up and down. Workers that have nothing to do leave at once, the others after the task that they run.
//
// prints:
//   1000 points, the best at 618
//   workers followed the load
#include <algorithm>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

double cost(int x) { return (x - 618.0) * (x - 618.0); }

// How many workers there is room for beside what else runs here.
int fitting(int most) {
  double load = 0;
  if (getloadavg(&load, 1) != 1) return most;
  return std::clamp(most - static_cast<int>(load), 1, most);
}

int main() {
  const int most = 2 * mp::usable_cpu_count();
  cf::ProcessPoolExecutor pool(mp::usable_cpu_count());  // can grow to 64 and to four times that
  std::vector<cf::Future<double>> points;
  bool followed = true;
  for (int x = 0; x < 1000; ++x) {
    if (x % 100 == 0) {
      pool.set_max_workers(fitting(most));
      followed = followed && pool.processes().size() <= static_cast<std::size_t>(pool.max_workers());
    }
    points.push_back(pool.submit(cost, x));
  }
  int best = 0;
  for (int x = 1; x < 1000; ++x) {
    if (points[static_cast<std::size_t>(x)].result() < points[static_cast<std::size_t>(best)].result()) best = x;
  }
  std::printf("%zu points, the best at %d\n", points.size(), best);
  std::puts(followed ? "workers followed the load" : "there were too many workers");
}
