// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <concurrent/futures/wait.hpp>
#include <list>
#include <map>
#include <ranges>
#include <span>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;

namespace {

using Futures = std::vector<cf::Future<int>>;

std::exception_ptr error() { return std::make_exception_ptr(std::runtime_error("x")); }

}  // namespace

TEST_CASE("wait: any range of futures will do, and both lists keep the order of the input") {
  Futures futures(4);
  futures[3].set_result(3);
  futures[1].set_result(1);
  const auto check = [&](const auto& result) {
    REQUIRE(result.done.size() == 2);
    REQUIRE(result.not_done.size() == 2);
    CHECK(result.done[0] == futures[1]);
    CHECK(result.done[1] == futures[3]);
    CHECK(result.not_done[0] == futures[0]);
    CHECK(result.not_done[1] == futures[2]);
  };
  check(cf::wait(futures, 0s));
  check(cf::wait(std::as_const(futures), cf::FIRST_COMPLETED));
  check(cf::wait(std::span(futures), 0s));
  check(cf::wait(std::list(futures.begin(), futures.end()), 0s));
  check(cf::wait(std::views::all(futures) | std::views::filter([](const auto&) { return true; }), 0s));
  check(cf::wait({futures[0], futures[1], futures[2], futures[3]}, 0s));
  check(cf::wait(std::vector<cf::AnyFuture>(futures.begin(), futures.end()), 0s));
  check(cf::wait(Futures(futures), 0s));
}

TEST_CASE("wait: an empty range is done at once") {
  for (const auto when : {cf::FIRST_COMPLETED, cf::FIRST_EXCEPTION, cf::ALL_COMPLETED}) {
    const auto [done, not_done] = cf::wait(Futures(), when);
    CHECK(done.empty());
    CHECK(not_done.empty());
  }
}

TEST_CASE("wait: duplicates count once, however many and wherever they are") {
  Futures futures(50);
  for (std::size_t i = 0; i < 50; i += 2) futures[i].set_result(0);
  Futures repeated;
  for (int i = 0; i < 10; ++i) repeated.insert(repeated.end(), futures.begin(), futures.end());
  const auto [done, not_done] = cf::wait(repeated, 0s);
  CHECK(done.size() == 25);
  CHECK(not_done.size() == 25);
  CHECK(done[1] == futures[2]);
}

TEST_CASE("wait: futures that lie far apart in memory are told apart") {
  std::vector<std::unique_ptr<std::array<char, 100'000>>> apart;
  Futures futures;
  for (int i = 0; i < 100; ++i) {
    futures.emplace_back();
    apart.push_back(std::make_unique<std::array<char, 100'000>>());
  }
  Futures repeated = futures;
  repeated.insert(repeated.end(), futures.begin(), futures.end());
  CHECK(cf::wait(repeated, 0s).not_done == futures);
}

TEST_CASE("wait: FIRST_EXCEPTION returns at the first failure, and neither a result nor a cancelled future is one") {
  const support::DeadlineGuard deadline("wait(FIRST_EXCEPTION)");
  Futures futures(4);
  std::thread finisher([&] {
    futures[0].set_result(0);
    futures[1].cancel();
    futures[2].set_exception(error());
  });
  const auto [done, not_done] = cf::wait(futures, cf::FIRST_EXCEPTION);
  finisher.join();
  CHECK(done.size() == 3);
  CHECK(not_done.size() == 1);
  futures[3].set_result(0);
  CHECK(cf::wait({futures[0], futures[1], futures[3]}, cf::FIRST_EXCEPTION).done.size() == 3);
}

TEST_CASE("wait: a timeout is no error, and leaves nothing behind in the futures") {
  auto token = std::make_shared<int>(0);
  {
    cf::Future<std::shared_ptr<int>> future;
    for (const auto when : {cf::FIRST_COMPLETED, cf::FIRST_EXCEPTION, cf::ALL_COMPLETED}) {
      const auto [done, not_done] = cf::wait({future}, 1ms, when);
      CHECK(done.empty());
      CHECK(not_done.size() == 1);
    }
    future.set_result(token);
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("wait: threads that finish, cancel and wait at once lose no wake-up") {
  const support::DeadlineGuard deadline("many rounds of wait");
  for (int round = 0; round < 200; ++round) {
    Futures futures(40);
    std::thread first([&] {
      for (std::size_t i = 0; i < 40; i += 2) futures[i].set_result(0);
    });
    std::thread second([&] {
      for (std::size_t i = 39; i < 40; i -= 2) futures[i].cancel();
    });
    std::thread other_waiter([&] { cf::wait(futures); });
    Futures left = futures;
    while (!left.empty()) {
      auto [done, not_done] = cf::wait(left, cf::FIRST_COMPLETED);
      REQUIRE_FALSE(done.empty());
      left = std::move(not_done);
    }
    REQUIRE(cf::wait(futures, cf::FIRST_EXCEPTION).done.size() == 40);
    first.join();
    second.join();
    other_waiter.join();
  }
}

TEST_CASE("wait: a future that was moved from is refused") {
  Futures futures(2);
  const cf::Future<int> moved = std::move(futures[1]);
  CHECK_THROWS_AS(cf::wait(futures, 0s), cf::InvalidStateError);
}

TEST_CASE("wait: takes a map whose keys are futures") {
  std::map<cf::Future<int>, int> squares;
  for (int i = 0; i < 3; ++i) {
    cf::Future<int> future;
    squares.emplace(future, i);
    if (i != 1) future.set_result(i * i);
  }
  const auto [done, not_done] = cf::wait(squares, 0s);
  CHECK(done.size() == 2);
  CHECK(not_done.size() == 1);
  for (const auto& future : done) CHECK(future.result() == squares.at(future) * squares.at(future));
}

TEST_CASE("wait: throws InvalidStateError where nobody could finish what is waited for") {
  const support::DeadlineGuard deadline("futures that nobody has");
  for (const auto when : {cf::ALL_COMPLETED, cf::FIRST_COMPLETED, cf::FIRST_EXCEPTION}) {
    CHECK_THROWS_AS(cf::wait(std::vector<cf::Future<int>>(3), when), cf::InvalidStateError);
    CHECK(cf::wait(std::vector<cf::Future<int>>(3), 1ms, when).not_done.size() == 3);
  }
  for (const auto when : {cf::FIRST_COMPLETED, cf::FIRST_EXCEPTION}) {
    std::vector<cf::Future<int>> futures(3);
    std::thread thrower([copy = futures[1]] { copy.set_exception(std::make_exception_ptr(1)); });
    CHECK(cf::wait(std::move(futures), when).done.size() == 1);
    thrower.join();
  }
  std::vector<cf::Future<int>> futures(2);
  std::thread setter([copy = futures[1]] { copy.set_result(1); });
  CHECK_THROWS_AS(cf::wait(std::move(futures), cf::FIRST_EXCEPTION), cf::InvalidStateError);
  setter.join();
}
