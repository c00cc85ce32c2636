// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <concurrent/futures/as_completed.hpp>
#include <list>
#include <map>
#include <memory>
#include <ranges>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

namespace {

using Futures = std::vector<cf::Future<int>>;

}  // namespace

TEST_CASE("as_completed: the range is a move-only input range of futures") {
  using Range = cf::CompletedRange<cf::Future<int>>;
  STATIC_REQUIRE(std::ranges::input_range<Range>);
  STATIC_REQUIRE(std::is_same_v<std::ranges::range_value_t<Range>, cf::Future<int>>);
  STATIC_REQUIRE(std::is_move_constructible_v<Range>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Range>);
}

TEST_CASE("as_completed: first what is done already, in order, then the others as they complete") {
  Futures futures(5);
  futures[4].set_result(4);
  futures[1].set_result(1);
  std::vector<cf::Future<int>> seen;
  for (auto future : cf::as_completed(futures)) {
    seen.push_back(future);
    if (seen.size() == 2) {
      futures[3].set_result(3);
      futures[0].cancel();
      futures[2].set_exception(std::make_exception_ptr(1));
    }
  }
  CHECK(seen == Futures{futures[1], futures[4], futures[3], futures[0], futures[2]});
}

TEST_CASE("as_completed: takes any range, and duplicates once") {
  Futures futures(2);
  futures[0].set_result(1);
  futures[1].set_result(2);
  std::size_t count = 0;
  for (const auto& future : cf::as_completed(std::list{futures[0], futures[1], futures[0]})) count += future.done();
  for (const auto& future : cf::as_completed({futures[0], futures[1], futures[0]})) count += future.done();
  for (const auto& future : cf::as_completed(std::vector<cf::AnyFuture>{futures[0], futures[0]}, 1s))
    count += future.done();
  CHECK(count == 5);
  CHECK(std::ranges::distance(cf::as_completed(Futures())) == 0);
}

TEST_CASE("as_completed: futures that threads complete all arrive") {
  const support::DeadlineGuard deadline("many rounds of as_completed");
  for (int round = 0; round < 200; ++round) {
    Futures futures(30);
    std::thread first([&] {
      for (std::size_t i = 0; i < 30; i += 2) futures[i].set_result(0);
    });
    std::thread second([&] {
      for (std::size_t i = 1; i < 30; i += 2) futures[i].cancel();
    });
    std::size_t count = 0;
    for (const auto& future : cf::as_completed(futures)) count += future.done();
    REQUIRE(count == 30);
    first.join();
    second.join();
  }
}

TEST_CASE("as_completed: may be left while threads go on to complete futures") {
  for (int round = 0; round < 200; ++round) {
    Futures futures(30);
    std::thread finisher([&] {
      for (auto& future : futures) future.set_result(0);
    });
    for (const auto& future : cf::as_completed(futures)) {
      if (future.done()) break;
    }
    finisher.join();
  }
}

TEST_CASE("as_completed: the timeout's message counts, and the range is at its end then") {
  Futures futures(5);
  for (std::size_t i = 0; i < 3; ++i) futures[i].set_result(0);
  auto range = cf::as_completed(futures, 1ms);
  std::size_t count = 0;
  const std::string message = support::message_of<cf::TimeoutError>([&] {
    for (const auto& future : range) count += future.done();
  });
  CHECK(count == 3);
  CHECK(support::contains(message, "2 (of 5) futures unfinished"));
  CHECK(range.begin() == range.end());
}

TEST_CASE("as_completed: keeps no handle to a future that was taken out of it") {
  auto token = std::make_shared<int>(0);
  std::vector<cf::Future<std::shared_ptr<int>>> futures(2);
  for (auto& future : futures) future.set_result(token);
  for (auto& future : cf::as_completed(std::move(futures))) {
    const long before = token.use_count();
    const auto taken = std::move(future).result();  // the only handle: moved, not copied
    CHECK(token.use_count() == before);
    cf::Future<std::shared_ptr<int>>(std::move(future)) = {};
    CHECK(token.use_count() == before);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("as_completed: the loop may have auto, auto&, const auto& or auto&&") {
  Futures futures(3);
  for (auto& future : futures) future.set_result(1);
  int sum = 0;
  for (auto future : cf::as_completed(futures)) sum += future.result();
  for (auto& future : cf::as_completed(futures)) sum += future.result();
  for (const auto& future : cf::as_completed(futures)) sum += future.result();
  for (auto&& future : cf::as_completed(futures)) sum += future.result();
  for (cf::Future<int> future : cf::as_completed(futures)) sum += future.result();
  CHECK(sum == 15);
}

TEST_CASE("as_completed: takes a map whose keys are futures") {
  std::map<cf::Future<int>, std::string> future_to_url;
  std::unordered_map<cf::AnyFuture, std::string> hashed;
  std::vector<std::pair<cf::Future<int>, std::string>> pairs;
  for (int i = 0; i < 5; ++i) {
    cf::Future<int> future;
    future_to_url.emplace(future, std::to_string(i));
    hashed.emplace(future, std::to_string(i));
    pairs.emplace_back(future, std::to_string(i));
    future.set_result(i);
  }
  int count = 0;
  for (auto future : cf::as_completed(future_to_url)) {
    CHECK(future_to_url.at(future) == std::to_string(future.result()));
    ++count;
  }
  for (auto& future : cf::as_completed(hashed, 1s)) count += hashed.at(future).size() == 1;
  for (const auto& future : cf::as_completed(pairs)) count += future.done();
  CHECK(count == 15);
}

TEST_CASE("as_completed: throws InvalidStateError where only futures are left that nobody could finish") {
  const support::DeadlineGuard deadline("futures that nobody has");
  Futures futures(4);
  futures[1].set_result(1);
  std::thread setter([copy = futures[2]] { copy.set_result(2); });
  auto range = cf::as_completed(std::move(futures));
  int sum = 0;
  CHECK_THROWS_AS(
      [&] {
        for (auto& future : range) sum += future.result();
      }(),
      cf::InvalidStateError);
  CHECK(sum == 3);
  CHECK(range.begin() == range.end());
  setter.join();
}

TEST_CASE("as_completed: works with views, which look at a future more than once") {
  Futures futures(4);
  for (std::size_t i = 0; i < 4; ++i) futures[i].set_result(static_cast<int>(i));
  int sum = 0;
  for (auto future : cf::as_completed(futures) | std::views::filter([](const auto& f) { return f.result() > 1; })) {
    sum += future.result();
  }
  CHECK(sum == 5);
}
