// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <concurrent/futures/map.hpp>
#include <concurrent/futures/thread.hpp>
#include <forward_list>
#include <iterator>
#include <memory>
#include <numeric>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/tasks.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;
using support::LeakChecked;
using support::numbers;
using support::square;

namespace {

int fails_for_two(int x) {
  if (x == 2) throw std::runtime_error("two");
  return x;
}

const std::size_t chunk_sizes[] = {1, 3, 100, cf::auto_chunksize};

/// What an iteration meets, exceptions as -1.
template <class Result>
std::vector<int> outcomes(Result result) {
  std::vector<int> seen;
  for (auto it = result.begin(); it != result.end(); ++it) {
    try {
      seen.push_back(*it);
    } catch (const std::runtime_error&) {
      seen.push_back(-1);
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("map: the result is a move-only input range") {
  STATIC_REQUIRE(std::ranges::input_range<cf::MapResult<int>>);
  STATIC_REQUIRE(std::is_same_v<std::ranges::range_value_t<cf::MapResult<std::string>>, std::string>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<cf::MapResult<int>>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<cf::MapResult<int>>);
}

TEST_CASE_METHOD(LeakChecked, "map: equals the plain map for every chunk size and buffer size") {
  cf::ThreadPoolExecutor pool(3);
  const auto items = numbers(100);
  std::vector<int> expected;
  for (const int item : items) expected.push_back(square(item));
  for (const std::size_t chunksize : chunk_sizes) {
    CHECK(pool.map(square, items, {.chunksize = chunksize}).to_vector() == expected);
    auto unordered = pool.map_unordered(square, items, {.chunksize = chunksize}).to_vector();
    std::sort(unordered.begin(), unordered.end());
    CHECK(unordered == expected);
    for (const std::size_t buffersize : {1U, 2U, 7U, 100U, 1000U}) {
      CHECK(pool.map(square, items, {.chunksize = chunksize, .buffersize = buffersize}).to_vector() == expected);
      auto some = pool.map_unordered(square, items, {.chunksize = chunksize, .buffersize = buffersize}).to_vector();
      std::sort(some.begin(), some.end());
      CHECK(some == expected);
    }
  }
}

TEST_CASE_METHOD(LeakChecked, "map: takes options as a value and in braces, after one range or several") {
  cf::ThreadPoolExecutor pool(2);
  const std::vector<int> items{1, 2, 3};
  const cf::MapOptions options{.chunksize = 2};
  const auto add = [](int a, int b) { return a + b; };
  const auto add3 = [](int a, int b, int c) { return a + b + c; };
  const auto add4 = [](int a, int b, int c, int d) { return a + b + c + d; };
  CHECK(pool.map(square, items, options).to_vector() == std::vector{1, 4, 9});
  CHECK(pool.map(add, items, items, {.chunksize = 2}).to_vector() == std::vector{2, 4, 6});
  CHECK(pool.map(add, items, items, options).to_vector() == std::vector{2, 4, 6});
  CHECK(pool.map(add3, items, items, items, {.chunksize = 2}).to_vector() == std::vector{3, 6, 9});
  CHECK(pool.map(add4, items, items, items, items, cf::MapOptions{.chunksize = 2}).to_vector() ==
        std::vector{4, 8, 12});
  CHECK(pool.map(add4, items, items, items, items).to_vector() == std::vector{4, 8, 12});
  CHECK(pool.map(square, {1, 2, 3}).to_vector() == std::vector{1, 4, 9});
  CHECK_THROWS_AS(pool.map(square, items, {.chunksize = 0}), std::invalid_argument);
}

TEST_CASE_METHOD(LeakChecked, "map: stops at the shortest range, and takes views, generators and proxies") {
  cf::ThreadPoolExecutor pool(2);
  const auto add = [](int a, int b) { return a + b; };
  CHECK(pool.map(add, std::views::iota(0), std::vector{10, 20}).to_vector() == std::vector{10, 21});
  CHECK(pool.map(square, std::forward_list<int>{1, 2} | std::views::transform(square)).to_vector() ==
        std::vector{1, 16});
  std::istringstream stream("1 2 3");
  CHECK(pool.map(square, std::views::istream<int>(stream)).to_vector() == std::vector{1, 4, 9});
  for (const std::size_t chunksize : chunk_sizes) {
    CHECK(pool.map([](bool b) { return !b; }, std::vector{true, false}, {.chunksize = chunksize}).to_vector() ==
          std::vector{false, true});
    CHECK(pool.map(square, std::set<int>(), {.chunksize = chunksize}).to_vector().empty());
  }
}

TEST_CASE_METHOD(LeakChecked,
                 "map: move-only items come from ranges that are given away, and move-only results leave") {
  cf::ThreadPoolExecutor pool(2);
  for (const std::size_t chunksize : chunk_sizes) {
    std::vector<std::unique_ptr<int>> items;
    for (int i = 0; i < 10; ++i) items.push_back(std::make_unique<int>(i));
    int sum = 0;
    for (auto result : pool.map([](std::unique_ptr<int> p) { return std::make_unique<int>(*p + 1); }, std::move(items),
                                {.chunksize = chunksize})) {
      sum += *result;
    }
    CHECK(sum == 55);
  }
}

TEST_CASE_METHOD(LeakChecked, "map: only the item that fails fails, and iteration goes on after it") {
  cf::ThreadPoolExecutor pool(2);
  for (const std::size_t chunksize : chunk_sizes) {
    const cf::MapOptions options{.chunksize = chunksize};
    CHECK(outcomes(pool.map(fails_for_two, numbers(5), options)) == std::vector{0, 1, -1, 3, 4});
    CHECK(outcomes(pool.map(fails_for_two, std::vector{2, 2}, options)) == std::vector{-1, -1});
    CHECK_THROWS_WITH(pool.map(fails_for_two, numbers(5), options).to_vector(), "two");
    auto unordered = outcomes(pool.map_unordered(fails_for_two, numbers(5), options));
    std::sort(unordered.begin(), unordered.end());
    CHECK(unordered == std::vector{-1, 0, 1, 3, 4});
  }
}

TEST_CASE_METHOD(LeakChecked, "map: looking twice at an item gives the same, result or exception") {
  cf::ThreadPoolExecutor pool(1);
  auto result = pool.map(fails_for_two, std::vector{1, 2});
  auto it = result.begin();
  CHECK(*it == 1);
  CHECK(*it == 1);
  ++it;
  CHECK_THROWS_WITH(*it, "two");
  CHECK_THROWS_WITH(*it, "two");
  ++it;
  CHECK(it == result.end());
  CHECK_THROWS_AS(*it, cf::InvalidStateError);
}

TEST_CASE_METHOD(LeakChecked, "map: void calls yield None") {
  cf::ThreadPoolExecutor pool(2);
  for (const std::size_t chunksize : chunk_sizes) {
    std::atomic<int> calls{0};
    CHECK(pool.map([&](int) { ++calls; }, numbers(10), {.chunksize = chunksize}).to_vector().size() == 10);
    CHECK(calls == 10);
  }
}

TEST_CASE_METHOD(LeakChecked, "map: all run although nobody iterates and the result is dropped") {
  for (const std::size_t chunksize : chunk_sizes) {
    std::atomic<int> calls{0};
    {
      cf::ThreadPoolExecutor pool(2);
      pool.map([&](int) { ++calls; }, numbers(1000), {.chunksize = chunksize});
      pool.map_unordered([&](int) { ++calls; }, numbers(1000), {.chunksize = chunksize});
    }
    CHECK(calls == 2000);
  }
}

TEST_CASE_METHOD(LeakChecked, "map: leaving early cancels what has not started") {
  for (const std::size_t chunksize : {std::size_t{1}, std::size_t{3}}) {
    const cf::Future<void> gate;
    std::atomic<int> calls{0};
    cf::ThreadPoolExecutor pool(1);
    {
      auto result = pool.map(
          [&calls, gate](int x) {
            ++calls;
            if (x >= 3) gate.result();
            return x;
          },
          numbers(30), {.chunksize = chunksize});
      CHECK(*result.begin() == 0);
      while (calls < 4) std::this_thread::yield();
    }
    gate.set_result();
    pool.shutdown();
    CHECK(calls <= 6);
  }
}

TEST_CASE_METHOD(LeakChecked, "map: close ends the iteration for good") {
  cf::ThreadPoolExecutor pool(2);
  for (const std::size_t chunksize : chunk_sizes) {
    auto result = pool.map(square, numbers(10), {.chunksize = chunksize});
    CHECK(*result.begin() == 0);
    result.close();
    CHECK(result.begin() == result.end());
    CHECK(result.to_vector().empty());
  }
}

TEST_CASE_METHOD(LeakChecked, "map: when the timeout passes *it throws TimeoutError, and the range is at its end") {
  for (const std::size_t chunksize : {std::size_t{1}, cf::auto_chunksize}) {
    for (const bool unordered : {false, true}) {
      const cf::Future<void> gate;
      cf::ThreadPoolExecutor pool(1);
      const auto waits_for_three = [gate](int x) {
        if (x == 3) gate.result();
        return x;
      };
      const cf::MapOptions options{.timeout = 50ms, .chunksize = chunksize};
      auto result = unordered ? pool.map_unordered(waits_for_three, numbers(100), options)
                              : pool.map(waits_for_three, numbers(100), options);
      int count = 0;
      CHECK_THROWS_AS(
          [&] {
            for ([[maybe_unused]] const int x : result) ++count;
          }(),
          cf::TimeoutError);
      CHECK(count <= 3);
      CHECK(result.begin() == result.end());
      gate.set_result();
      pool.shutdown();
      CHECK(pool.pending_work_items() == 0);
    }
  }
}

TEST_CASE_METHOD(LeakChecked, "map: a timeout error that a task throws is an ordinary one") {
  cf::ThreadPoolExecutor pool(1);
  auto result = pool.map(
      [](int x) {
        if (x == 1) throw cf::TimeoutError("of the task");
        return x;
      },
      numbers(3), {.timeout = 30s});
  CHECK(outcomes(std::move(result)) == std::vector{0, -1, 2});
}

TEST_CASE_METHOD(LeakChecked,
                 "map: a range that throws cancels what was submitted, and its exception comes out of map") {
  for (const std::size_t chunksize : chunk_sizes) {
    const cf::Future<void> gate;
    std::atomic<int> calls{0};
    cf::ThreadPoolExecutor pool(1);
    auto broken = std::views::iota(0) | std::views::transform([](int x) {
                    if (x == 10) throw std::domain_error("half way");
                    return x;
                  });
    CHECK_THROWS_AS(pool.map(
                        [&calls, gate](int) {
                          ++calls;
                          gate.result();
                        },
                        broken, {.chunksize = chunksize}),
                    std::domain_error);
    gate.set_result();
    pool.shutdown();
    CHECK(calls <= 3);
  }
}

TEST_CASE_METHOD(LeakChecked, "map: with a buffersize a range that throws is an error of the iteration") {
  cf::ThreadPoolExecutor pool(1);
  auto broken = std::views::iota(0) | std::views::transform([](int x) {
                  if (x == 4) throw std::domain_error("half way");
                  return x;
                });
  auto result = pool.map(square, broken, {.buffersize = 2});
  int count = 0;
  CHECK_THROWS_AS(
      [&] {
        for ([[maybe_unused]] const int x : result) ++count;
      }(),
      std::domain_error);
  CHECK(count >= 1);
  CHECK(count <= 4);
  CHECK(result.begin() == result.end());
}

TEST_CASE_METHOD(LeakChecked, "map: with a buffersize exactly that many items are read ahead") {
  for (const std::size_t chunksize : {1U, 3U, 10U}) {
    cf::ThreadPoolExecutor pool(2);
    int read = 0;
    auto source = std::views::iota(0) | std::views::transform([&](int x) {
                    ++read;
                    return x;
                  });
    auto result = pool.map(square, source, {.chunksize = chunksize, .buffersize = 4});
    CHECK(read == 4);
    auto it = result.begin();
    CHECK(read == 4);
    for (int taken = 1; taken <= 10; ++taken) {
      CHECK(*it == (taken - 1) * (taken - 1));
      CHECK(read <= taken + 4);
      if (chunksize == 1) CHECK(read == taken + 4);
      ++it;
    }
  }
}

TEST_CASE_METHOD(LeakChecked, "map: with a buffersize chunks are no larger than lets every worker have one") {
  cf::ThreadPoolExecutor pool(4);
  std::atomic<int> running{0};
  std::atomic<int> alone{0};
  const auto meet = [&](int i) {  // until four are there, in the first round
    ++running;
    if (i < 8 && !support::eventually([&] { return running >= 4; })) ++alone;
    return i;
  };
  CHECK(pool.map(meet, std::views::iota(0, 100), {.chunksize = 10, .buffersize = 8}).to_vector().size() == 100);
  CHECK(pool.map(meet, std::views::iota(100, 200), {.chunksize = 10, .buffersize = 2}).to_vector().size() == 100);
  CHECK(alone == 0);
}

TEST_CASE_METHOD(LeakChecked, "map: with a buffersize the executor may be gone before the iteration") {
  auto result = [] {
    cf::ThreadPoolExecutor pool(1);
    return pool.map(square, std::views::iota(0), {.buffersize = 3});
  }();
  int count = 0;
  CHECK_THROWS_AS(
      [&] {
        for ([[maybe_unused]] const int x : result) ++count;
      }(),
      cf::RuntimeError);
  CHECK(count == 3);
}

TEST_CASE_METHOD(LeakChecked, "map: items are taken when map is called") {
  cf::ThreadPoolExecutor pool(1);
  const cf::Future<void> gate;
  auto blocker = pool.submit([gate] { gate.result(); });
  for (const std::size_t chunksize : chunk_sizes) {
    std::vector<std::string> items{"a", "b"};
    auto result = pool.map([](const std::string& s) { return s + "!"; }, items, {.chunksize = chunksize});
    items = {"x"};
    if (chunksize == cf::auto_chunksize) gate.set_result();
    if (chunksize == cf::auto_chunksize) CHECK(result.to_vector() == std::vector<std::string>{"a!", "b!"});
  }
}

TEST_CASE_METHOD(LeakChecked, "map: a result that was taken out is not kept alive") {
  cf::ThreadPoolExecutor pool(1);
  for (const std::size_t chunksize : {1U, 4U}) {
    for (auto& result :
         pool.map([](int x) { return std::make_shared<int>(x); }, numbers(4), {.chunksize = chunksize})) {
      const auto taken = std::move(result);
      CHECK(taken.use_count() == 1);
    }
  }
}

TEST_CASE_METHOD(LeakChecked, "map: auto_chunksize makes few calls of many short tasks, and one of each long one") {
  cf::ThreadPoolExecutor pool(2);
  pool.map([](int x) { return -x; }, numbers(200'000), {.chunksize = cf::auto_chunksize}).to_vector();
  CHECK(pool.statistics().submitted < 10'000);
  const auto before = pool.statistics().submitted;
  const auto spin = [](int) {
    const auto end = std::chrono::steady_clock::now() + 5ms;
    while (std::chrono::steady_clock::now() < end) {
    }
  };
  pool.map(spin, numbers(20), {.chunksize = cf::auto_chunksize}).to_vector();
  CHECK(pool.statistics().submitted - before == 20);
}

TEST_CASE_METHOD(
    LeakChecked,
    "map_unordered: with a buffersize, a range that throws ends the iteration with that, and with no more") {
  cf::ThreadPoolExecutor pool(2);
  for (int round = 0; round < 20; ++round) {
    int yielded = 0;
    const std::vector<int> items = numbers(100);
    auto failing = items | std::views::transform([](int n) { return n < 20 ? n : throw std::out_of_range("20"); });
    auto results = pool.map_unordered(square, failing, {.buffersize = 8});
    CHECK_THROWS_AS(
        [&] {
          for (const int result : results) yielded += result >= 0 ? 1 : 0;
        }(),
        std::out_of_range);
    CHECK(yielded <= 20);
    CHECK(yielded > 0);
  }
}
