// SPDX-License-Identifier: BSL-1.0
// Tasks append to one list, which a manager's server process holds. The same under every start method.
//
// prints:
//   0 1 4 9 16 25 36 49 64 81
#include <algorithm>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <vector>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

void append_square(mp::ListProxy<int> list, int n) { list.append(n * n); }

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  mp::Manager manager;
  const mp::ListProxy<int> list = manager.list<int>();
  {
    cf::ProcessPoolExecutor pool({.max_workers = 3, .mp_context = mp::get_context("spawn")});
    for (int n = 0; n < 10; ++n) pool.submit(append_square, list, n);
  }
  std::vector<int> squares = list.copy();
  std::sort(squares.begin(), squares.end());
  for (int square : squares) std::printf("%d%c", square, square == squares.back() ? '\n' : ' ');
}
