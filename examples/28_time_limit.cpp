// SPDX-License-Identifier: BSL-1.0
// A task that runs too long is stopped, and its worker replaced; a running task can be stopped by hand, too.
//
// prints:
//   stopped by its time limit
//   stopped by hand: 1, cancelled: 1
//   the pool goes on: 42
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <thread>
#include <vector>

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

int endless() {
  for (;;) std::this_thread::sleep_for(1s);
}

int main() {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  cf::ProcessPoolExecutor pool(1);
  try {
    pool.submit(cf::TaskOptions{.timeout = 100ms}, endless).result();
  } catch (const cf::TaskTimeoutError&) {
    std::printf("stopped by its time limit\n");
  }

  cf::Future<int> future = pool.submit(endless);
  while (!future.running()) std::this_thread::yield();
  const bool stopped = future.terminate();
  cf::wait(std::vector{future});  // until its worker has ended
  std::printf("stopped by hand: %d, cancelled: %d\n", stopped, future.cancelled());
  std::printf("the pool goes on: %d\n", pool.submit([] { return 42; }).result());
}
