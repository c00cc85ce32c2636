// SPDX-License-Identifier: BSL-1.0
// A call in another process, and the same call for each item of a range. What tasks print is never lost.
//
// prints, in any order:
//   8 in a worker
//   27 in a worker
//   64 in a worker
//   125 in a worker
//   216 in a worker
//   8
//   27 64 125 216
#include <concurrent/futures.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;

int cube(int n) {
  std::printf("%d in a worker\n", n * n * n);
  return n * n * n;
}

int main() {
  cf::ProcessPoolExecutor pool;
  std::printf("%d\n", pool.submit(cube, 2).result());

  const std::vector<int> cubes = pool.map(cube, std::vector{3, 4, 5, 6}).to_vector();
  std::printf("%d %d %d %d\n", cubes[0], cubes[1], cubes[2], cubes[3]);
}
