// SPDX-License-Identifier: BSL-1.0
// <concurrent/futures/mpi.hpp> without the rest of the room is a whole program.
#include <concurrent/futures/mpi.hpp>
#include <concurrent/multiprocessing.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  concurrent::multiprocessing::freeze_support(argc, argv);
  concurrent::futures::MPIPoolExecutor pool(1);
  std::printf("%d\n", pool.submit([](int n) { return n * n; }, 5).result());
  return 0;
}
