// SPDX-License-Identifier: BSL-1.0
// A task that crashes takes its worker with it, never this program: the pool is broken, and a new one goes on.
//
// prints:
//   the pool is broken: <…>SIGSEGV<…>
//   a new pool works: 42
#include <concurrent/futures.hpp>
#include <csignal>
#include <cstdio>

namespace cf = concurrent::futures;

int crash() {
  std::signal(SIGSEGV, SIG_DFL);
  std::raise(SIGSEGV);
  return 0;
}

int main() {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});  // a worker's death would be logged, too
  cf::ProcessPoolExecutor pool(2);
  try {
    pool.submit(crash).result();
  } catch (const cf::BrokenProcessPool& error) {
    std::printf("the pool is broken: %s\n", error.what());
  }
  cf::ProcessPoolExecutor another(2);
  std::printf("a new pool works: %d\n", another.submit([] { return 42; }).result());
}
