// SPDX-License-Identifier: BSL-1.0
#include <any>
#include <chrono>
#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/future.hpp>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_set>
#include <variant>
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

namespace {

constexpr const char* would_wait = "would wait for ever";

}  // namespace

TEST_CASE("Future.result: to wait for a future that nobody could finish throws InvalidStateError") {
  const support::DeadlineGuard deadline("waiting for futures that nobody has");
  std::vector<cf::Future<int>> futures(3);
  futures[0].set_result(0);
  futures[1].set_result(1);
  CHECK(futures[1].result() == 1);
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { futures[2].result(); }), would_wait));
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { futures[2].get(); }), would_wait));
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { futures[2].wait(); }), would_wait));
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { futures[2].exception(); }), would_wait));
  CHECK(support::contains(message_of<cf::InvalidStateError>([&] { cf::Future<void>().result(); }), would_wait));
  CHECK(support::contains(message_of<cf::InvalidStateError>([] { cf::AnyFuture(cf::Future<int>()).wait(); }),
                          would_wait));
  CHECK_THROWS_AS(futures[2].result(1ms), cf::TimeoutError);  // with a limit it is only late

  const cf::Future<int> running;
  CHECK(running.set_running_or_notify_cancel());
  CHECK_THROWS_AS(running.result(), cf::InvalidStateError);
}

TEST_CASE("Future.result: a thread that has a copy finishes the future, or gives up") {
  const support::DeadlineGuard deadline("threads that have copies");
  for (int round = 0; round < 500; ++round) {
    cf::Future<int> future;
    std::thread finisher([copy = future, round]() mutable {
      if (round % 2 == 0) copy.set_result(round);
      copy = {};
    });
    if (round % 2 == 0) {
      CHECK(future.result() == round);
    } else {
      CHECK_THROWS_AS(future.result(), cf::InvalidStateError);
    }
    finisher.join();
  }
}

TEST_CASE("Future.wait_for, wait_until, valid: as std::shared_future's") {
  const support::DeadlineGuard deadline("the members of std::shared_future");
  cf::Future<std::string> future;
  CHECK_FALSE(future.valid());
  CHECK_FALSE(cf::AnyFuture(cf::Future<int>()).valid());
  const auto other_handle = future;
  CHECK(future.valid());
  CHECK(cf::ThreadPoolExecutor(1).submit([] { return 1; }).valid());
  cf::Future<int> filled;
  filled.set_result(1);
  CHECK(filled.valid());
  CHECK(future.wait_for(1ms) == std::future_status::timeout);
  CHECK(future.wait_until(std::chrono::steady_clock::now() + 1ms) == std::future_status::timeout);
  CHECK(future.wait_until(std::chrono::system_clock::now() + 1ms) == cf::FutureStatus::timeout);
  CHECK(future.wait_until(std::chrono::system_clock::time_point::min()) != std::future_status::ready);
  std::thread setter([copy = future] { copy.set_result("text"); });
  CHECK(future.wait_for(1h) == std::future_status::ready);
  setter.join();
  CHECK(future.wait_until(std::chrono::system_clock::now() + 1h) == std::future_status::ready);
  const std::future_status status = future.wait_for(0s);
  CHECK(status == std::future_status::ready);
  CHECK(future.wait_for(0s).value() == cf::FutureStatus::ready);
  CHECK_NOTHROW(future.wait());
  CHECK(&future.get() == &future.result());
  CHECK(std::move(future).get() == "text");

  cf::Future<std::unique_ptr<int>> pointer;
  pointer.set_result(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = std::move(pointer).get();
  CHECK(*taken == 3);

  const cf::Future<int> failed;
  failed.set_exception(std::make_exception_ptr(std::runtime_error("no")));
  CHECK_NOTHROW(failed.wait());
  CHECK_THROWS_WITH(failed.get(), "no");
  cf::Future<int> moved_from = cf::ThreadPoolExecutor(1).submit([] { return 1; });
  const cf::Future<int> moved_to = std::move(moved_from);
  CHECK_FALSE(moved_from.valid());
  CHECK(moved_to.valid());
  CHECK_THROWS_AS(moved_from.wait_for(0s), cf::InvalidStateError);
}

TEST_CASE("Future: has an order by identity, so that it can be the key of a map") {
  STATIC_REQUIRE(std::totally_ordered<cf::Future<int>>);
  STATIC_REQUIRE(std::three_way_comparable<cf::AnyFuture, std::strong_ordering>);
  const cf::Future<int> first;
  const cf::Future<int> second;
  const cf::Future<int> same = first;
  CHECK((first <=> same) == std::strong_ordering::equal);
  CHECK((first < second) != (second < first));
  CHECK((cf::AnyFuture(first) <=> same) == std::strong_ordering::equal);
  std::map<cf::Future<int>, std::string> names{{first, "first"}, {second, "second"}};
  CHECK(names.at(same) == "first");
  CHECK(names.size() == 2);
}

namespace {

using Box = std::unique_ptr<int>;
struct BaseHolder {
  std::vector<Box> boxes;
};
struct Deep {
  int number;
  char text[3];
  BaseHolder holder;
};
struct ManyFields {
  struct Inner {
    int a, b;
    std::vector<Box> boxes;
  } inner;
  std::string text;
};
struct Derived : BaseHolder {
  int number;
};
struct HoldsItself {
  std::vector<HoldsItself> children;
  std::string name;
};
struct Fine {
  std::vector<std::string> words;
  std::map<int, std::string> table;
  double numbers[4];
  std::optional<std::string> text;
  std::shared_ptr<int> shared;
  std::function<void()> function;
  std::any any;
};
struct Large {
  char buffer[65536];
  std::string text;
};
struct BitField {
  unsigned bit : 1;
  std::string text;
};

}  // namespace

TEST_CASE("Future.result: containers, tuples and aggregates are looked into before a result is copied") {
  STATIC_REQUIRE_FALSE(cf::enable_result_copy<BaseHolder>);
  STATIC_REQUIRE_FALSE(cf::enable_result_copy<std::vector<BaseHolder>>);
  STATIC_REQUIRE_FALSE(cf::enable_result_copy<std::tuple<int, Deep>>);
  STATIC_REQUIRE_FALSE(cf::enable_result_copy<std::variant<int, Deep>>);
  STATIC_REQUIRE_FALSE(cf::enable_result_copy<ManyFields>);
  STATIC_REQUIRE_FALSE(cf::enable_result_copy<Derived>);
  STATIC_REQUIRE(cf::enable_result_copy<HoldsItself>);
  STATIC_REQUIRE(cf::enable_result_copy<Fine>);
  STATIC_REQUIRE(cf::enable_result_copy<Large>);
  STATIC_REQUIRE(cf::enable_result_copy<BitField>);

  cf::Future<Deep> future;
  future.set_result(Deep{7, {}, {}});
  const cf::Future<Deep> other = future;
  CHECK(std::move(future).result().number == 7);
  CHECK(std::move(future).result(1s).number == 7);
}
