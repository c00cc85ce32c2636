// SPDX-License-Identifier: BSL-1.0
// What a future tells about itself, before and after; a result with a time limit; cancelling.
//
// prints:
//   running: 1, done: 0
//   gave up waiting
//   running: 0, done: 1, result: 7
//   cancelling a done call: 0
//   cancelling a waiting call: 1, cancelled: 1, done: 1
//   the callback has seen it: 1
#include <chrono>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <thread>

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

int slow() {
  std::this_thread::sleep_for(300ms);
  return 7;
}

int main() {
  cf::ProcessPoolExecutor pool(1);
  cf::Future<int> future = pool.submit(slow);
  while (!future.running()) std::this_thread::yield();
  std::printf("running: %d, done: %d\n", future.running(), future.done());
  try {
    future.result(20ms);
  } catch (const cf::TimeoutError&) {
    std::printf("gave up waiting\n");  // the task goes on
  }
  const int result = future.result();
  std::printf("running: %d, done: %d, result: %d\n", future.running(), future.done(), result);
  std::printf("cancelling a done call: %d\n", future.cancel());

  cf::Future<int> busy = pool.submit(slow);
  cf::Future<int> waiting = pool.submit(slow);  // the only worker is busy
  bool seen = false;
  waiting.add_done_callback([&seen](cf::Future<int> f) { seen = f.cancelled(); });
  const bool cancelled = waiting.cancel();
  std::printf("cancelling a waiting call: %d, cancelled: %d, done: %d\n", cancelled, waiting.cancelled(),
              waiting.done());
  std::printf("the callback has seen it: %d\n", seen);
}
