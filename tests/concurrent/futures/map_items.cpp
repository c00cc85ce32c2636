// SPDX-License-Identifier: BSL-1.0
// What items and results may be, and how a loop may take them.
#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/executors.hpp"
#include "support/tasks.hpp"

using support::LeakChecked;
using support::numbers;
using support::square;

namespace {

const std::size_t sizes_of_chunks[] = {1, 3, cf::auto_chunksize};

struct Constant {
  const int number;
  const std::string text;
};

struct FalselyCopyable {  // says that it can be copied, and cannot
  std::vector<std::unique_ptr<int>> boxes;
  int number = 0;
};

struct OwnAddress {  // whose address is not where it is
  int number = 0;
  OwnAddress* operator&() = delete;
  const OwnAddress* operator&() const = delete;
};

/// Refuses to be pickled where it is 5.
struct NotFive {
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    if (number == 5) throw std::domain_error("five");
    archive(number);
  }
};

}  // namespace

EACH_EXECUTOR("map: results that have an operator& of their own") {
  auto pool = kind.pool(2);
  for (const std::size_t chunksize : sizes_of_chunks) {
    int sum = 0;
    for (auto&& result : pool.map([](int x) { return OwnAddress{x}; }, numbers(10), {.chunksize = chunksize}))
      sum += result.number;
    CHECK(sum == 45);
  }
}

EACH_PROCESS_POOL("map: an item or result that does not pickle fails alone, whatever its chunk") {
  auto pool = kind.pool(2);
  std::vector<NotFive> items;
  for (int n = 0; n < 20; ++n) items.push_back({n});
  const auto check = [](auto result) {
    std::vector<int> seen;
    for (auto it = result.begin(); it != result.end(); ++it) {
      try {
        seen.push_back((*it).number);
      } catch (const std::domain_error& error) {
        CHECK(error.what() == std::string("five"));
        seen.push_back(-5);
      }
    }
    std::vector<int> expected = numbers(20);
    expected[5] = -5;
    CHECK(seen == expected);
  };
  for (const std::size_t chunksize : sizes_of_chunks) {
    check(pool.map([](int n) { return NotFive{n}; }, numbers(20), {.chunksize = chunksize}));
    check(pool.map([](NotFive item) { return item; }, items, {.chunksize = chunksize}));
    check(pool.map([](NotFive item, int) { return item; }, items, numbers(20), {.chunksize = chunksize}));
  }
}

EACH_EXECUTOR("map: the loop may have auto, auto&, const auto& or auto&&") {
  auto pool = kind.pool(2);
  for (const std::size_t chunksize : sizes_of_chunks) {
    const cf::MapOptions options{.chunksize = chunksize};
    int sum = 0;
    for (auto result : pool.map(square, numbers(4), options)) sum += result;
    for (auto& result : pool.map(square, numbers(4), options)) sum += result;
    for (const auto& result : pool.map(square, numbers(4), options)) sum += result;
    for (auto&& result : pool.map(square, numbers(4), options)) sum += result;
    for (auto& result : pool.map_unordered(square, numbers(4), options)) sum += result;
    CHECK(sum == 5 * 14);
    for (auto& even : pool.map([](int x) { return x % 2 == 0; }, numbers(4), options)) sum += even ? 1 : 0;
    for (auto& none : pool.map([](int) {}, numbers(4), options)) sum += none == cf::None() ? 1 : 0;
    CHECK(sum == 5 * 14 + 6);
    std::vector<std::string> texts;
    for (auto& text : pool.map([](int x) { return std::string(100, static_cast<char>('a' + x)); }, numbers(2), options))
      texts.push_back(std::move(text));
    CHECK(texts == std::vector{std::string(100, 'a'), std::string(100, 'b')});
    const auto box = [](int x) { return std::make_unique<int>(x); };
    for (auto result : pool.map(box, numbers(4), options)) sum += *result;
    for (auto&& result : pool.map(box, numbers(4), options)) sum += *std::unique_ptr<int>(std::move(result));
    for (const auto& result : pool.map(box, numbers(4), options)) sum += *result;
    CHECK(sum == 5 * 14 + 6 + 18);
  }
}

EACH_EXECUTOR("map: items and results need not be assignable") {
  auto pool = kind.pool(2);
  for (const std::size_t chunksize : sizes_of_chunks) {
    const cf::MapOptions options{.chunksize = chunksize};
    const std::map<int, int> pairs{{1, 2}, {3, 4}, {5, 6}};
    const auto sum = [](const std::pair<const int, int>& pair) { return pair.first + pair.second; };
    CHECK(pool.map(sum, pairs, options).to_vector() == std::vector{3, 7, 11});
    CHECK(pool.map(sum, std::map<int, int>(pairs), options).to_vector() == std::vector{3, 7, 11});
    const auto both = [](std::pair<const int, int> pair, const Constant& constant) {
      return pair.first * constant.number;
    };
    const auto constant = [](int n) { return Constant{n, std::string(100, 'x')}; };
    auto constants = pool.map(constant, numbers(3), options).to_vector();
    REQUIRE(constants.size() == 3);
    CHECK(constants[2].text == std::string(100, 'x'));
    CHECK(pool.map(both, pairs, constants, options).to_vector() == std::vector{0, 3, 10});
    CHECK(pool.map(both, pairs, std::move(constants), options).to_vector() == std::vector{0, 3, 10});
  }
}

TEST_CASE_METHOD(LeakChecked, "map: results that say they can be copied, and cannot") {
  cf::ThreadPoolExecutor pool(2);
  const auto make = [](int x) {
    FalselyCopyable holder;
    holder.boxes.push_back(std::make_unique<int>(x));
    return holder;
  };
  for (const std::size_t chunksize : sizes_of_chunks) {
    int sum = 0;
    for (auto result : pool.map(make, numbers(4), {.chunksize = chunksize})) sum += *result.boxes.at(0);
    for (auto&& result : pool.map(make, numbers(4), {.chunksize = chunksize})) sum += *result.boxes.at(0);
    CHECK(sum == 12);
  }
  CHECK(*pool.submit(make, 3).result().boxes.at(0) == 3);
}

TEST_CASE_METHOD(LeakChecked, "map: with auto_chunksize neighbours go into different calls") {
  // Slow items often stand together; in one call they would all come to one worker, while the others have nothing to
  // do.
  cf::ThreadPoolExecutor pool(1);
  std::vector<int> order;  // in which the one thread gets them
  const auto note = [&order](int n) {
    order.push_back(n);
    return n;
  };
  CHECK(pool.map(note, numbers(20'000), {.chunksize = cf::auto_chunksize}).to_vector() == numbers(20'000));
  REQUIRE(order.size() == 20'000);
  std::size_t neighbours = 0;
  for (std::size_t i = 1; i < order.size(); ++i) neighbours += order[i] == order[i - 1] + 1 ? 1U : 0U;
  CHECK(neighbours < order.size() / 10);

  order.clear();
  auto unordered = pool.map_unordered(note, numbers(20'000), {.chunksize = cf::auto_chunksize}).to_vector();
  CHECK(unordered.size() == order.size());
  std::sort(unordered.begin(), unordered.end());
  CHECK(unordered == numbers(20'000));
}

EACH_EXECUTOR("map: with auto_chunksize results come in order, whatever fails and however many there are") {
  auto pool = kind.pool(3);
  const auto fail_at_sevens = [](int n) {
    if (n % 7 == 0) throw std::runtime_error("seven");
    return std::make_unique<int>(n);
  };
  for (const int count : {1, 2, 7, 8, 9, 100, 1001}) {
    auto results = pool.map(fail_at_sevens, numbers(count), {.chunksize = cf::auto_chunksize});
    int n = 0;
    for (auto it = results.begin(); it != results.end(); ++it, ++n) {
      int seen = -1;
      try {
        seen = **it;
      } catch (const std::runtime_error&) {
      }
      REQUIRE(seen == (n % 7 == 0 ? -1 : n));
    }
    CHECK(n == count);
  }
}
