// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means
// expect: std::shared_ptr<std::mutex>
// A mutex by pointer in an aggregate, or by itself, locks nothing in another process.
#include <concurrent/futures.hpp>
#include <memory>
#include <mutex>

namespace cf = concurrent::futures;

void with_mutex(std::shared_ptr<std::mutex>) {}
void with_own_mutex() { std::mutex mutex; }

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(with_mutex, std::make_shared<std::mutex>());
#else
  pool.submit(with_own_mutex);
#endif
}
