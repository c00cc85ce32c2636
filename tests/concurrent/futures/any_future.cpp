// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/any_future.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace cf = concurrent::futures;

TEST_CASE("AnyFuture: futures of several types in one list") {
  const cf::Future<int> number;
  const cf::Future<std::unique_ptr<int>> pointer;
  const cf::Future<void> nothing;
  std::vector<cf::AnyFuture> futures{number, pointer, nothing};
  CHECK(futures[0] == number);
  CHECK(futures[2] != number);

  number.set_result(1);
  CHECK(futures[0].done());
  CHECK(futures[0].exception() == nullptr);
  CHECK(futures[1].cancel());
  CHECK(pointer.cancelled());
  CHECK_THROWS_AS(futures[1].exception(), cf::CancelledError);
  CHECK(futures[2].set_running_or_notify_cancel());
  CHECK(nothing.running());
  futures[2].set_exception(std::make_exception_ptr(std::runtime_error("x")));
  CHECK_THROWS_WITH(nothing.result(), "x");
}

TEST_CASE("AnyFuture.add_done_callback: the callback gets a handle to the same future") {
  const cf::Future<int> future;
  const cf::AnyFuture any = future;
  std::vector<cf::AnyFuture> seen;
  any.add_done_callback([&](const cf::AnyFuture& done) { seen.push_back(done); });
  future.set_result(1);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == future);
}

TEST_CASE("AnyFuture: keeps the result alive") {
  auto token = std::make_shared<int>(0);
  std::vector<cf::AnyFuture> futures;
  {
    const cf::Future<std::shared_ptr<int>> future;
    future.set_result(token);
    futures.emplace_back(future);
  }
  CHECK(token.use_count() == 2);
  futures.clear();
  CHECK(token.use_count() == 1);
}
