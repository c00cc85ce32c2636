// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/thread.hpp>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "support/catch.hpp"
#include "support/deadline.hpp"

namespace detail = concurrent::futures::detail;

// Larger blocks than 120 bytes go back to the system with each burst of short tasks, and it takes ten times as long.
TEST_CASE("ThreadFutureState: that of a function with two numbers stays a small block") {
  static_assert(sizeof(detail::ThreadFutureState<int, int (*)(int)>) <= 112);
  CHECK(sizeof(detail::ThreadFutureState<int, int (*)(int, int), int, int>) <= 120);
}

TEST_CASE(
    "ThreadFutureState: its pool lives as long as it does, also when a thread of its own has ended the executor") {
  const support::DeadlineGuard deadline("a future that outlives its executor");
  auto token = std::make_shared<int>(0);
  concurrent::futures::Future<void> future;
  concurrent::futures::ThreadPoolOptions options;
  options.max_workers = 1;
  options.initializer = [token] {};
  auto pool = std::make_shared<concurrent::futures::ThreadPoolExecutor>(std::move(options));
  SECTION("ended by its owner") {
    future = pool->submit([] {});
  }
  SECTION("ended by its own thread") {
    std::promise<void> released;
    future = pool->submit([pool, gone = released.get_future().share()] { gone.wait(); });
    pool.reset();
    released.set_value();
  }
  pool.reset();
  future.result();
  CHECK(token.use_count() > 1);
  future = {};
  while (token.use_count() > 1) std::this_thread::yield();  // the thread may have it still
}
