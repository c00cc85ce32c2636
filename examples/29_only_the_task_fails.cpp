// SPDX-License-Identifier: BSL-1.0
// A pool that goes on when a worker dies: only the task that it ran fails, after as many new attempts as it was given.
//
// prints:
//   WorkerDied: signal 6
//   the others: 0 1 4 9
//   the third attempt: 3
#include <sys/mman.h>

#include <atomic>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }
int abort_at_once() { std::abort(); }

std::atomic<int>* attempts = nullptr;  // mapped before the executor is made, so that workers share it
int dies_twice() {
  const int attempt = attempts->fetch_add(1) + 1;
  if (attempt < 3) std::abort();
  return attempt;
}

int main() {
  void* memory = mmap(nullptr, sizeof *attempts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  attempts = new (memory) std::atomic<int>(0);

  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  cf::ProcessPoolExecutor pool({.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task});
  cf::Future<int> dead = pool.submit(abort_at_once);
  const std::vector<int> squares = pool.map(square, std::vector{0, 1, 2, 3}).to_vector();
  try {
    dead.result();
  } catch (const cf::WorkerDied& error) {
    std::printf("WorkerDied: signal %d\n", error.signal().value_or(0));
  }
  std::printf("the others: %d %d %d %d\n", squares[0], squares[1], squares[2], squares[3]);
  std::printf("the third attempt: %d\n", pool.submit(cf::TaskOptions{.retries = 2}, dies_twice).result());
}
