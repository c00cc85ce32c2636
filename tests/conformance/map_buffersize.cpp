// SPDX-License-Identifier: BSL-1.0
// Rows E8 to E16, X12 and X13: how far map reads ahead.
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/tasks.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace conformance;

namespace {

int negate(int n) { return -n; }

/// 0, 1, 2, … as an input range that counts how many were read, and may throw instead of one.
class CountingRange {
 public:
  explicit CountingRange(int& read, int end = 1'000'000, int throws_at = -1)
      : read_(&read), end_(end), throws_at_(throws_at) {}

  class iterator {
   public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    iterator() = default;
    explicit iterator(const CountingRange& range) : range_(&range) {}
    int operator*() const {
      if (next_ == range_->throws_at_) throw std::runtime_error("the input ends badly");
      if (*range_->read_ < next_ + 1) *range_->read_ = next_ + 1;
      return next_;
    }
    iterator& operator++() {
      ++next_;
      return *this;
    }
    void operator++(int) { ++next_; }
    bool operator==(std::default_sentinel_t) const { return next_ == range_->end_; }

   private:
    const CountingRange* range_ = nullptr;
    int next_ = 0;
  };

  iterator begin() const { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend class iterator;
  int* read_;
  int end_;
  int throws_at_;
};

template <class Results>
std::vector<int> take(Results& results, std::size_t count) {
  std::vector<int> taken;
  for (auto it = results.begin(); taken.size() < count && it != results.end(); ++it) taken.push_back(*it);
  return taken;
}

}  // namespace

EACH_EXECUTOR("E9 map: a buffersize or chunksize of zero is refused at the call") {
  auto pool = kind.pool();
  const std::vector<int> numbers{1, 2};
  CHECK(support::contains(
      support::message_of<std::invalid_argument>([&] { auto results = pool.map(negate, numbers, {.buffersize = 0}); }),
      "buffersize"));
  CHECK(support::contains(
      support::message_of<std::invalid_argument>([&] { auto results = pool.map(negate, numbers, {.chunksize = 0}); }),
      "chunksize"));
}

EACH_EXECUTOR("E10 map: every buffersize gives all results in order") {
  auto pool = kind.pool();
  const std::vector<int> numbers{1, 2, 3, 4, 5, 6};
  const std::vector<int> negated{-1, -2, -3, -4, -5, -6};
  for (const std::size_t size : {1U, 2U, 6U, 12U})
    CHECK(pool.map(negate, numbers, {.buffersize = size}).to_vector() == negated);
}

EACH_EXECUTOR("E11 map: every buffersize gives all results in order over two ranges") {
  auto pool = kind.pool();
  const std::vector<int> numbers{1, 2, 3, 4};
  for (const std::size_t size : {1U, 2U, 4U, 8U})
    CHECK(pool.map(multiply, numbers, numbers, {.buffersize = size}).to_vector() == std::vector{1, 4, 9, 16});
}

EACH_EXECUTOR("E12 map: with a buffersize the input may be infinite") {
  auto pool = kind.pool();
  auto results = pool.map(negate, std::views::iota(0), {.buffersize = 2});
  CHECK(take(results, 4) == std::vector{0, -1, -2, -3});
}

EACH_EXECUTOR("E13 map: with a buffersize both inputs may be infinite") {
  auto pool = kind.pool();
  auto results = pool.map(multiply, std::views::iota(0), std::views::iota(1), {.buffersize = 2});
  CHECK(take(results, 4) == std::vector{0, 2, 6, 12});
}

EACH_EXECUTOR("E14 map: an empty input is exhausted at once, whatever the buffersize") {
  auto pool = kind.pool();
  auto results = pool.map(negate, std::vector<int>{}, {.buffersize = 8});
  CHECK(results.begin() == results.end());
  CHECK(pool.map(negate, std::vector<int>{}).to_vector().empty());
}

EACH_EXECUTOR("E16 map: while nobody iterates exactly buffersize inputs are read") {
  auto pool = kind.pool();
  int read = 0;
  auto results = pool.map(negate, CountingRange(read), {.buffersize = 4});
  pool.shutdown();
  CHECK(read == 4);
}

EACH_EXECUTOR("X12 map: never more than buffersize results are ahead of the iteration") {
  auto pool = kind.pool(4);
  const auto started = support::Counter::make();
  const auto task = [](int n, support::Counter count) {
    count.add();
    return n;
  };
  auto results = pool.map(task, std::views::iota(0, 200), std::vector(200, started), {.buffersize = 3});
  std::uint32_t taken = 0;
  for (auto it = results.begin(); it != results.end(); ++it, ++taken) {
    CHECK(*it == static_cast<int>(taken));
    CHECK(started.value() <= taken + 1 + 3);  // the one in hand, and three ahead
  }
  CHECK(taken == 200);
}

EACH_EXECUTOR("X13 map: an input that throws midway throws from map, and what had not started is cancelled") {
  auto pool = kind.pool(1);
  const auto gate = support::Gate::make();
  const auto started = support::Counter::make();
  auto blocker = pool.submit(started_then_wait, started, gate, 0);
  started.wait_until(1);
  int read = 0;
  const auto task = [](int n, support::Counter count) {
    count.add();
    return n;
  };
  const std::string text = support::message_of<std::runtime_error>(
      [&] { auto results = pool.map(task, CountingRange(read, 100, 10), std::vector(100, started)); });
  CHECK(text == "the input ends badly");
  gate.open();
  CHECK(blocker.result() == 0);
  CHECK(pool.submit(multiply, 2, 2).result() == 4);
  CHECK(started.value() == 1);
}
