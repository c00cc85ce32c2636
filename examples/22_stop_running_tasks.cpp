// SPDX-License-Identifier: BSL-1.0
// A running call cannot be cancelled, but it can look at an Event that asks it to stop, wherever its worker was
// started.
//
// prints:
//   cancelled: no
//   task 0 was asked to stop
//   task 1 was asked to stop
#include <chrono>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <thread>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
using namespace std::chrono_literals;

bool run_until_stopped(mp::Event stop) {
  while (!stop.is_set()) std::this_thread::sleep_for(1ms);  // a piece of the work
  return true;
}

int main() {
  const mp::Event stop;
  cf::ProcessPoolExecutor pool(2);
  cf::Future<bool> tasks[] = {pool.submit(run_until_stopped, stop), pool.submit(run_until_stopped, stop)};
  while (!tasks[0].running() || !tasks[1].running()) std::this_thread::yield();
  std::printf("cancelled: %s\n", tasks[0].cancel() ? "yes" : "no");
  stop.set();
  for (int i = 0; i < 2; ++i) {
    if (tasks[i].result()) std::printf("task %d was asked to stop\n", i);
  }
}
