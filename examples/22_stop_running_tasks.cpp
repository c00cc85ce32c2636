// SPDX-License-Identifier: BSL-1.0
// A running call cannot be cancelled, but it can look at a flag in shared memory that asks it to stop.
//
// prints:
//   cancelled: no
//   task 0 was asked to stop
//   task 1 was asked to stop
#include <sys/mman.h>

#include <atomic>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <new>
#include <thread>

namespace cf = concurrent::futures;

// Mapped before the executor is made, so that workers share it.
std::atomic<int>* stop = nullptr;

bool run_until_stopped() {
  while (stop->load() == 0) std::this_thread::yield();
  return true;
}

int main() {
  void* memory = mmap(nullptr, sizeof *stop, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  stop = new (memory) std::atomic<int>(0);

  cf::ProcessPoolExecutor pool(2);
  cf::Future<bool> tasks[] = {pool.submit(run_until_stopped), pool.submit(run_until_stopped)};
  while (!tasks[0].running() || !tasks[1].running()) std::this_thread::yield();
  std::printf("cancelled: %s\n", tasks[0].cancel() ? "yes" : "no");
  stop->store(1);
  for (int i = 0; i < 2; ++i) {
    if (tasks[i].result()) std::printf("task %d was asked to stop\n", i);
  }
}
