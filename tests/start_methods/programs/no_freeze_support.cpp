// SPDX-License-Identifier: BSL-1.0
// no_freeze_support [later]: a program that forgets the first line of main, or has it too late. Each of its processes
// that comes as far as main says so. The environment names the start method: a process of the pool has other arguments.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

int main(int argc, char** argv) {
  std::printf("main\n");
  std::fflush(stdout);
  const char* const given = std::getenv("START_METHOD");
  if (given == nullptr) return 2;
  const std::string method = given;
  try {
    cf::ProcessPoolExecutor pool({.max_workers = 2, .mp_context = mp::get_context(method)});
    std::printf("result %d\n", pool.submit([] { return 42; }).result());
  } catch (const cf::RuntimeError& error) {
    std::printf("RuntimeError %s\n", error.what());
  }
  if (argc > 1) {  // it is never too late
    mp::freeze_support(argc, argv);
    cf::ProcessPoolExecutor pool({.max_workers = 1, .mp_context = mp::get_context(method)});
    std::printf("later %d\n", pool.submit([] { return 43; }).result());
  }
}
