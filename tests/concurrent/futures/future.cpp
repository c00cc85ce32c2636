// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/future.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/logs.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;
using support::message_of;

namespace {

struct CopyCounter {
  CopyCounter() = default;
  CopyCounter(const CopyCounter& other) : copies(other.copies + 1) {}
  CopyCounter(CopyCounter&& other) noexcept : copies(other.copies) {}
  CopyCounter& operator=(const CopyCounter&) = default;
  int copies = 0;
};

struct NotDefaultConstructible {
  explicit NotDefaultConstructible(int given) : value(given) {}
  int value;
};

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(const ThrowsWhenMoved&) { throw std::runtime_error("moved"); }
};

}  // namespace

TEST_CASE("Future.result: void, move-only and not default-constructible results") {
  cf::Future<void> nothing;
  nothing.set_result();
  CHECK_NOTHROW(nothing.result());
  CHECK_NOTHROW(std::move(nothing).result());

  cf::Future<std::unique_ptr<int>> pointer;
  pointer.set_result(std::make_unique<int>(3));
  CHECK(*pointer.result() == 3);
  const std::unique_ptr<int> taken = std::move(pointer).result();
  CHECK(*taken == 3);

  cf::Future<NotDefaultConstructible> value;
  value.set_result(NotDefaultConstructible(4));
  CHECK(value.result().value == 4);

  cf::Future<std::vector<std::unique_ptr<int>>> pointers;  // says it can be copied, and cannot
  pointers.set_result({});
  CHECK(std::move(pointers).result(1s).empty());
}

TEST_CASE("Future.result: an rvalue moves out of the last handle and copies otherwise") {
  cf::Future<CopyCounter> future;
  future.set_result({});
  {
    cf::Future<CopyCounter> other = future;
    CHECK(std::move(other).result().copies == 1);
    const cf::AnyFuture third = future;
    CHECK(std::move(future).result().copies == 1);
  }
  CHECK(std::move(future).result().copies == 0);
  CHECK(std::move(future).result(1s).copies == 0);
}

TEST_CASE("Future.result: an lvalue gives the same object each time") {
  cf::Future<std::string> future;
  future.set_result("text");
  const cf::Future<std::string> other = future;
  CHECK(&future.result() == &other.result());
  CHECK(&future.result(1s) == &future.result());
}

TEST_CASE("Future.result: any duration will do as a timeout") {
  const cf::Future<int> pending;
  CHECK_THROWS_AS(pending.result(0s), cf::TimeoutError);
  CHECK_THROWS_AS(pending.result(-1h), cf::TimeoutError);
  CHECK_THROWS_AS(pending.result(std::chrono::nanoseconds::min()), cf::TimeoutError);
  CHECK_THROWS_AS(pending.result(std::chrono::duration<float>(0.001F)), cf::TimeoutError);
  CHECK_THROWS_AS(pending.exception(1ms), cf::TimeoutError);

  const support::DeadlineGuard deadline("a result that arrives within the longest durations");
  std::thread setter([pending] { pending.set_result(1); });
  CHECK(pending.result(std::chrono::hours::max()) == 1);
  CHECK(pending.result(std::chrono::duration<double>(1e300)) == 1);
  setter.join();
}

TEST_CASE("Future.result: the timeout's message says how long it waited") {
  CHECK(message_of<cf::TimeoutError>([] { cf::Future<int>().result(2ms); }).find("0.002 s") != std::string::npos);
}

TEST_CASE("Future.set_result: a second outcome throws InvalidStateError, which names the state") {
  cf::Future<int> future;
  future.set_result(1);
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { future.set_result(2); }), "FINISHED"));
  CHECK_THROWS_AS(future.set_exception(std::make_exception_ptr(1)), cf::InvalidStateError);
  CHECK_THROWS_AS(future.set_running_or_notify_cancel(), cf::InvalidStateError);
  CHECK(future.result() == 1);

  cf::Future<int> cancelled;
  cancelled.cancel();
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { cancelled.set_result(2); }), "CANCELLED"));
  CHECK_FALSE(cancelled.set_running_or_notify_cancel());
  CHECK_THROWS_AS(cancelled.set_running_or_notify_cancel(), cf::InvalidStateError);
}

TEST_CASE("Future.set_result: of several threads exactly one succeeds, and its value is the result") {
  for (int round = 0; round < 200; ++round) {
    cf::Future<std::string> future;
    std::atomic<int> succeeded{0};
    std::atomic<int> winner{-1};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        try {
          future.set_result(std::string(40, static_cast<char>('a' + i)));
          ++succeeded;
          winner = i;
        } catch (const cf::InvalidStateError&) {
        }
      });
    }
    for (auto& thread : threads) thread.join();
    REQUIRE(succeeded == 1);
    REQUIRE(future.result() == std::string(40, static_cast<char>('a' + winner)));
  }
}

TEST_CASE("Future.set_result: what moving the value throws goes through, and the future is as before") {
  const cf::Future<ThrowsWhenMoved> future;
  const ThrowsWhenMoved value;
  CHECK_THROWS_WITH(future.set_result(value), "moved");
  CHECK_FALSE(future.done());
  CHECK(future.cancel());
}

TEST_CASE("Future.set_exception: a null pointer is refused, and something that is no std::exception is kept") {
  const cf::Future<int> future;
  CHECK_THROWS_AS(future.set_exception(nullptr), std::invalid_argument);
  CHECK_FALSE(future.done());
  future.set_exception(std::make_exception_ptr(0));
  CHECK(future.exception() != nullptr);
  CHECK_THROWS_AS(future.result(), int);
}

TEST_CASE("Future.cancel: of a thread that cancels and one that runs the call exactly one wins") {
  for (int round = 0; round < 500; ++round) {
    const cf::Future<int> future;
    bool running = false;
    std::thread worker([&] { running = future.set_running_or_notify_cancel(); });
    const bool cancelled = future.cancel();
    worker.join();
    REQUIRE(cancelled != running);
    REQUIRE(future.cancelled() == cancelled);
  }
}

TEST_CASE("Future.add_done_callback: each runs once in the order added, and what one throws is logged") {
  support::CapturedLog log;
  const cf::Future<int> future;
  std::vector<int> order;
  future.add_done_callback([&](cf::Future<int> done) { order.push_back(done.result()); });
  future.add_done_callback([](const cf::Future<int>&) { throw std::runtime_error("from a callback"); });
  future.add_done_callback([](const cf::AnyFuture&) { throw 1; });
  future.add_done_callback([&, only_moves = std::make_unique<int>(2)](const auto&) { order.push_back(*only_moves); });
  future.set_result(1);
  CHECK(order == std::vector{1, 2});
  future.add_done_callback([&](const auto&) { order.push_back(3); });
  CHECK(order == std::vector{1, 2, 3});
  CHECK(support::contains(log.text(), "from a callback"));
}

TEST_CASE("Future.add_done_callback: one added while another thread finishes the future runs once") {
  for (int round = 0; round < 500; ++round) {
    const cf::Future<int> future;
    std::atomic<int> calls{0};
    std::thread setter([future] { future.set_result(1); });
    for (int i = 0; i < 4; ++i) future.add_done_callback([&](const auto&) { ++calls; });
    setter.join();
    REQUIRE(calls == 4);
  }
}

TEST_CASE("Future: a callback that is never called is destroyed with the last handle") {
  auto token = std::make_shared<int>(0);
  cf::Future<int>().add_done_callback([token](const auto&) {});
  CHECK(token.use_count() == 1);
}

TEST_CASE("Future: the result is destroyed with the last handle") {
  auto token = std::make_shared<int>(0);
  {
    cf::Future<std::shared_ptr<int>> future;
    const cf::AnyFuture other = future;
    future.set_result(token);
    CHECK(token.use_count() == 2);
    future = cf::Future<std::shared_ptr<int>>();
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("Future: handles compare and hash by identity") {
  const cf::Future<int> one;
  const cf::Future<int> same = one;
  const cf::Future<int> other;
  CHECK(one == same);
  CHECK(one != other);
  CHECK(cf::AnyFuture(one) == same);
  const std::unordered_set<cf::Future<int>> set{one, same, other};
  CHECK(set.size() == 2);
  CHECK(std::hash<cf::AnyFuture>()(one) == std::hash<cf::Future<int>>()(same));
}

TEST_CASE("Future: a handle that was moved from says so") {
  cf::Future<int> future;
  const cf::Future<int> moved = std::move(future);
  CHECK_THROWS_AS(future.done(), cf::InvalidStateError);  // NOLINT(bugprone-use-after-move)
  CHECK(fmt::format("{}", future) == "<Future at (nil) moved from>");
  future = moved;
  CHECK_FALSE(future.done());
  auto& self = future;
  future = std::move(self);
  CHECK(future == moved);
}

TEST_CASE("Future: the text form tells state and type") {
  const cf::Future<int> pending;
  CHECK(support::contains(fmt::format("{}", pending), "<Future at 0x"));
  CHECK(support::contains(fmt::format("{}", pending), " state=pending>"));
  const cf::Future<int> running;
  running.set_running_or_notify_cancel();
  CHECK(support::contains(fmt::format("{}", running), " state=running>"));
  const cf::Future<int> cancelled;
  cancelled.cancel();
  CHECK(support::contains(fmt::format("{}", cf::AnyFuture(cancelled)), " state=cancelled>"));
  const cf::Future<std::string> finished;
  finished.set_result("x");
  CHECK(support::contains(fmt::format("{}", cf::AnyFuture(finished)), " state=finished returned std::string>"));
  const cf::Future<void> failed;
  failed.set_exception(std::make_exception_ptr(std::out_of_range("x")));
  CHECK(support::contains(fmt::format("{}", failed), " state=finished raised std::out_of_range>"));
}

TEST_CASE("Future.terminate: a pending call is cancelled, one that is done is not") {
  const cf::Future<int> pending;
  CHECK(pending.terminate());
  CHECK(pending.cancelled());
  CHECK_FALSE(pending.terminate());
}
