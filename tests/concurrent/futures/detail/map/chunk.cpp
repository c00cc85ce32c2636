// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/map/chunk.hpp>
#include <concurrent/pickle/call.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
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
  const auto result = detail::MapChunk<int (*)(int), int>{{no_threes}}({1, 2, 3, 4, 6});
  CHECK(result.values == std::vector{10, 20, 40});
  REQUIRE(result.errors.size() == 2);
  CHECK(result.errors[0].index == 2);
  CHECK(result.errors[1].index == 4);
  CHECK_THROWS_WITH(std::rethrow_exception(result.errors[1].exception), "three");
}

TEST_CASE("MapChunk: items of several ranges come as tuples") {
  const auto repeat = [](const std::string& text, int count) { return text + std::to_string(count); };
  detail::MapChunk<decltype(repeat), std::string, int> chunk{{repeat}};
  CHECK(chunk({{"a", 1}, {"b", 2}}).values == std::vector<std::string>{"a1", "b2"});
}

TEST_CASE("MapChunk: void calls have errors only") {
  const auto result = detail::MapChunk<void (*)(int), int>{{[](int x) { static_cast<void>(no_threes(x)); }}}({3, 1});
  CHECK(result.errors.size() == 1);
}

TEST_CASE("ChunkResult: pickles") {
  const auto result = detail::MapChunk<int (*)(int), int>{{no_threes}}({1, 3});
  const auto arrived = pickle::loads<detail::ChunkResult<int>>(pickle::dumps(result));
  CHECK(arrived.values == result.values);
  CHECK(arrived.elapsed == result.elapsed);
  REQUIRE(arrived.errors.size() == 1);
  CHECK(arrived.errors[0].index == 1);
  CHECK_THROWS_AS(std::rethrow_exception(arrived.errors[0].exception), std::out_of_range);
  STATIC_REQUIRE(pickle::Picklable<detail::ChunkResult<void>>);
}

TEST_CASE("MapChunk: messages say of which function it is") {
  alignas(64) std::byte memory[512];
  pickle::Writer writer(memory, memory + sizeof memory, nullptr);
  const detail::MapChunk<int (*)(int), int> chunk{{no_threes}};
  pickle::dump_call<pickle::Pickle>(writer, chunk, std::vector{1, 2});
  const std::string text = pickle::describe_call(std::span(writer.data(), writer.size()));
  CHECK_THAT(text, Catch::StartsWith("a chunk of ") && Catch::Contains("no_threes(std::vector<int"));
}
