// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means
// A thread is no value.
#include <concurrent/futures.hpp>
#include <thread>
#include <utility>

namespace cf = concurrent::futures;

void with_thread(std::thread) {}
void without() {}

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(with_thread, std::thread());
#else
  pool.submit(without);
#endif
}
