// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: submit: the function or an argument cannot be copied, and the call keeps a copy.
// expect: std::unique_ptr<int>
// A unique_ptr by name to a thread pool, without std::move.
#include <concurrent/futures.hpp>
#include <memory>
#include <utility>

namespace cf = concurrent::futures;

int value_of(const std::unique_ptr<int>& number) { return *number; }

int main() {
  cf::ThreadPoolExecutor pool(2);
  auto number = std::make_unique<int>(3);
#ifdef CASE
  auto future = pool.submit(value_of, number);
#else
  auto future = pool.submit(value_of, std::move(number));
#endif
  return future.result();
}
