// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing in
// expect: std::thread
// A thread as an argument.
#include <concurrent/futures.hpp>
#include <thread>

namespace cf = concurrent::futures;

bool join(std::thread thread) {
  thread.join();
  return true;
}
bool yes() { return true; }

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  bool joined = pool.submit(join, std::thread([] {})).result();
#else
  bool joined = pool.submit(yes).result();
#endif
  return joined;
}
