// SPDX-License-Identifier: BSL-1.0
// The same program under each start method. Under forkserver and spawn, workers start as fresh images of this program:
// freeze_support must be the first line of main.
//
// prints:
//   the default: fork
//   fork: ForkProcess-<number>
//   forkserver: ForkServerProcess-<number>
//   spawn: SpawnProcess-<number>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <string>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

std::string name() { return mp::current_process().name; }

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  std::printf("the default: %s\n", mp::get_start_method().c_str());
  for (const char* method : {"fork", "forkserver", "spawn"}) {
    cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = mp::get_context(method)});
    std::printf("%s: %s\n", method, pool.submit(name).result().c_str());
  }
}
