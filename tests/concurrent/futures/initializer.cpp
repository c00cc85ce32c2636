// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/initializer.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <concurrent/pickle/reader.hpp>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace cf = concurrent::futures;
namespace pickle = concurrent::pickle;

namespace {

std::string last;
std::string_view seen;

void remember(const std::string& text, int number) { last = text + std::to_string(number); }
void take(std::string&& text) { last = std::move(text); }

void show(std::string_view text, std::span<const int> numbers, const char* literal) {
  const int sum = std::accumulate(numbers.begin(), numbers.end(), 0);
  last = std::string(text) + ' ' + std::to_string(sum) + ' ' + literal;
}

struct Options {  // as the executors' options
  int max_workers = 1;
  cf::Initializer initializer{};
};

}  // namespace

TEST_CASE("Initializer: none does nothing") {
  const cf::Initializer none;
  CHECK_FALSE(none);
  CHECK_NOTHROW(none());
  CHECK(none.is_picklable());
}

TEST_CASE("Initializer: calls the function with the arguments, each time with fresh copies") {
  const Options options{.max_workers = 2, .initializer = cf::Initializer{take, std::string("text")}};
  const Options copy = options;
  CHECK(copy.initializer);
  for (int i = 0; i < 2; ++i) {
    last.clear();
    copy.initializer();
    CHECK(last == "text");
  }
  const Options braces{.initializer = {remember, "x", 1}};
  braces.initializer();
  CHECK(last == "x1");
}

TEST_CASE("Initializer: keeps what a view shows, and not the view") {
  const auto made = [] {
    const std::string text = "a text that is longer than a string holds in itself";
    const std::vector<int> numbers{1, 2, 3};
    return cf::Initializer{show, std::string_view(text), std::span<const int>(numbers), "literal"};
  }();
  CHECK(made.is_picklable());
  made();
  CHECK(last == "a text that is longer than a string holds in itself 6 literal");

  const cf::Initializer shows{[](std::string_view text) { seen = text; }, std::string_view(last)};
  last.assign(last.size(), 'x');
  shows();
  CHECK(seen == "a text that is longer than a string holds in itself 6 literal");  // for as long as the initializer
}

TEST_CASE("Initializer: a pointer to characters stays one, for whoever knows how many there are") {
  const char bytes[3] = {'a', '\0', 'b'};
  const char* const first = bytes;
  const cf::Initializer made{[](const char* from, std::size_t size) { last.assign(from, size); }, first, sizeof bytes};
  made();
  CHECK(last == std::string("a\0b", 3));
}

TEST_CASE("Initializer: may hold a move-only function, and is copyable all the same") {
  int calls = 0;
  const cf::Initializer initializer{[&calls, number = std::make_unique<int>(2)] { calls += *number; }};
  const cf::Initializer copy = initializer;
  initializer();
  copy();
  CHECK(calls == 4);
}

TEST_CASE("Initializer: what it throws goes through") {
  CHECK_THROWS_WITH(cf::Initializer([] { throw std::runtime_error("no"); })(), "no");
}

TEST_CASE("Initializer: travels as a call if it can, and says so if it cannot") {
  const cf::Initializer initializer{remember, "sent", 7};
  REQUIRE(initializer.is_picklable());
  pickle::detail::VectorWriter writer;
  initializer.dump(writer);
  const auto bytes = writer.take();
  pickle::Reader reader(bytes, pickle::Views::in_place);
  pickle::detail::VectorWriter result;
  std::atomic<std::uint32_t> phase{0};
  pickle::run_call(reader, result, phase);
  CHECK(last == "sent7");

  int local = 0;
  const cf::Initializer stays{[&local] { ++local; }};
  CHECK_FALSE(stays.is_picklable());
  CHECK_THROWS_AS(stays.dump(writer), pickle::PicklingError);
}
