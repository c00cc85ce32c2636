// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/map/chunk.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;
namespace pickle = concurrent::pickle;

namespace {

int no_threes(int x) {
  if (x % 3 == 0) throw std::out_of_range("three");
  return 10 * x;
}

}  // namespace

TEST_CASE("MapChunk: results without gaps, errors by index") {
  const auto result = detail::MapChunk<int (*)(int), int>{{no_threes}}({{1, 2, 3, 4, 6}, {}}).items;
  CHECK(result.values == std::vector{10, 20, 40});
  REQUIRE(result.errors.size() == 2);
  CHECK(result.errors[0].index == 2);
  CHECK(result.errors[1].index == 4);
  CHECK_THROWS_WITH(std::rethrow_exception(result.errors[1].exception), "three");
}

TEST_CASE("MapChunk: items of several ranges come as tuples") {
  const auto repeat = [](const std::string& text, int count) { return text + std::to_string(count); };
  detail::MapChunk<decltype(repeat), std::string, int> chunk{{repeat}};
  CHECK(chunk({{{"a", 1}, {"b", 2}}, {}}).items.values == std::vector<std::string>{"a1", "b2"});
}

TEST_CASE("MapChunk: void calls have errors only") {
  const auto result =
      detail::MapChunk<void (*)(int), int>{{[](int x) { static_cast<void>(no_threes(x)); }}}({{3, 1}, {}}).items;
  CHECK(result.errors.size() == 1);
}

TEST_CASE("ChunkResult: pickles") {
  const auto result = detail::MapChunk<int (*)(int), int>{{no_threes}}({{1, 3}, {}});
  const auto arrived = pickle::loads<detail::ChunkResult<int>>(pickle::dumps(result));
  CHECK(arrived.items.values == result.items.values);
  CHECK(arrived.elapsed == result.elapsed);
  REQUIRE(arrived.items.errors.size() == 1);
  CHECK(arrived.items.errors[0].index == 1);
  CHECK_THROWS_AS(std::rethrow_exception(arrived.items.errors[0].exception), std::out_of_range);
  STATIC_REQUIRE(pickle::Picklable<detail::ChunkResult<void>>);
}

TEST_CASE("MapChunk: messages say of which function it is") {
  alignas(64) std::byte memory[512];
  pickle::Writer writer(memory, memory + sizeof memory, nullptr);
  const detail::MapChunk<int (*)(int), int> chunk{{no_threes}};
  pickle::dump_call<pickle::Pickle>(writer, chunk, detail::ChunkItems<int>{{1, 2}, {}});
  const std::string text = pickle::describe_call(std::span(writer.data(), writer.size()));
  CHECK_THAT(text, Catch::StartsWith("a chunk of ") && Catch::Contains("no_threes(std::vector<int"));
}

namespace {

/// Refuses to be written where it is negative.
struct NotNegative {
  int value = 0;
  template <class Archive>
  void save(Archive& archive) const {
    if (value < 0) throw std::domain_error("negative");
    archive(value);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(value);
  }
};
using Shared = std::shared_ptr<NotNegative>;

detail::ChunkItems<Shared> sent(const detail::ChunkItems<Shared>& items) {
  return pickle::loads<detail::ChunkItems<Shared>>(pickle::dumps(items));
}

}  // namespace

TEST_CASE("ChunkItems: what cannot be written is left out, and says why under its own index") {
  const auto make = [](int value) { return std::make_shared<NotNegative>(NotNegative{value}); };
  const auto error = std::make_exception_ptr(std::out_of_range("known"));
  const Shared bad = make(-1);
  const Shared good = make(7);
  // Indices 0 and 4 have failed before; 1, 3 and 6 do so now.
  const auto arrived = sent({{bad, good, bad, good, bad, good}, {{0, error}, {4, error}}});
  REQUIRE(arrived.values.size() == 3);
  for (const Shared& value : arrived.values) CHECK(value->value == 7);
  std::vector<std::uint64_t> indices;
  for (const detail::ChunkError& one : arrived.errors) indices.push_back(one.index);
  CHECK(indices == std::vector<std::uint64_t>{0, 1, 3, 4, 6});
  CHECK_THROWS_AS(std::rethrow_exception(arrived.errors[0].exception), std::out_of_range);
  CHECK_THROWS_WITH(std::rethrow_exception(arrived.errors[1].exception), "negative");
  CHECK_THROWS_AS(std::rethrow_exception(arrived.errors[3].exception), std::out_of_range);
}

TEST_CASE("ChunkItems: shared objects stay shared where all can be written") {
  const Shared one = std::make_shared<NotNegative>(NotNegative{1});
  const auto arrived = sent({{one, one}, {}});
  CHECK(arrived.values[0] == arrived.values[1]);
}

TEST_CASE("ChunkItems: where one cannot be written the others keep what they share in themselves") {
  using Pair = std::pair<Shared, Shared>;
  const auto pair_of = [](int value) {
    const auto one = std::make_shared<NotNegative>(NotNegative{value});
    return Pair(one, one);
  };
  const detail::ChunkItems<Pair> items{{pair_of(1), pair_of(-1), pair_of(2)}, {}};
  const auto arrived = pickle::loads<detail::ChunkItems<Pair>>(pickle::dumps(items));
  REQUIRE(arrived.values.size() == 2);
  for (const auto& [first, second] : arrived.values) CHECK(first == second);
  CHECK(arrived.values[1].second->value == 2);
}

TEST_CASE("ChunkItems: bytes that are damaged are refused") {
  const detail::ChunkItems<Shared> items{
      {std::make_shared<NotNegative>(NotNegative{1}), std::make_shared<NotNegative>(NotNegative{-1})}, {}};
  auto bytes = pickle::dumps(items);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= std::byte{0x55};
    try {
      static_cast<void>(pickle::loads<detail::ChunkItems<Shared>>(damaged));
    } catch (const pickle::UnpicklingError&) {
    }
    CHECK_THROWS_AS(pickle::loads<detail::ChunkItems<Shared>>(std::span(bytes).first(i)), pickle::UnpicklingError);
  }
}

TEST_CASE("MapChunk: items that were lost on the way count as those that throw") {
  const auto error = std::make_exception_ptr(std::domain_error("lost"));
  const auto items =
      detail::MapChunk<int (*)(int), int>{{no_threes}}({{1, 3, 5}, {{0, error}, {3, error}, {5, error}}}).items;
  CHECK(items.values == std::vector{10, 50});
  REQUIRE(items.errors.size() == 4);
  CHECK(items.errors[0].index == 0);
  CHECK(items.errors[1].index == 2);
  CHECK_THROWS_WITH(std::rethrow_exception(items.errors[1].exception), "three");
  CHECK(items.errors[2].index == 3);
  CHECK(items.errors[3].index == 5);
}
