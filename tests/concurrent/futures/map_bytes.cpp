// SPDX-License-Identifier: BSL-1.0
// A map of large items does not copy all of them into shared memory at once.
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/deadline.hpp"
#include "support/executors.hpp"

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr int many = support::slowness == 1 ? 150 : 90;  // mebibytes: more than are on their way at once

/// Views of one large text, each of which begins with a letter of its own.
struct Pieces {
  explicit Pieces(std::size_t count) : text(count * mebibyte, 'x') {
    for (std::size_t i = 0; i < count; ++i) {
      text[i * mebibyte] = letter(i);
      views.emplace_back(text.data() + i * mebibyte, mebibyte);
    }
  }
  static char letter(std::size_t i) { return static_cast<char>('a' + i % 26); }
  std::string text;
  std::vector<std::string_view> views;
};

char first_letter(std::string_view piece, const support::Gate& gate, const mp::Value<int>& ran) {
  gate.wait();
  ran.fetch_add(1);
  return piece.size() == mebibyte ? piece.front() : '?';
}

}  // namespace

EACH_PROCESS_POOL("map: large items are submitted as those before them are done, and all arrive") {
  auto pool = kind.pool(2);
  const Pieces pieces(many);
  const auto gate = support::Gate::make();
  const auto ran = mp::Value<int>(0);
  const std::vector gates(pieces.views.size(), gate);
  const std::vector counts(pieces.views.size(), ran);
  auto results = pool.map(first_letter, pieces.views, gates, counts);
  CHECK(pool.statistics().bytes_to_workers < 70 * mebibyte);
  CHECK(pool.statistics().submitted < 70);
  gate.open();
  std::size_t i = 0;
  for (auto& letter : results) {
    REQUIRE(letter == Pieces::letter(i));
    ++i;
  }
  CHECK(i == pieces.views.size());
  CHECK(pool.statistics().completed == pieces.views.size());

  std::size_t unordered = 0;
  for (auto& letter : pool.map_unordered(first_letter, pieces.views, gates, counts)) unordered += letter != '?';
  CHECK(unordered == pieces.views.size());
}

EACH_PROCESS_POOL("map: large items are all submitted when nobody iterates, too") {
  const Pieces pieces(many);
  const auto gate = support::Gate::make();
  const auto ran = mp::Value<int>(0);
  {
    auto pool = kind.pool(2);
    {
      auto results = pool.map(first_letter, pieces.views, std::vector(many, gate), std::vector(many, ran));
      gate.open();
    }
    REQUIRE(support::within(support::patience, "the rest of the map", [&] {
      while (pool.statistics().completed != pieces.views.size()) std::this_thread::yield();
      return true;
    }));
  }
  CHECK(ran.load() == many);
}

EACH_PROCESS_POOL("map: large items are all submitted when the executor is shut down, too, or are cancelled") {
  const Pieces pieces(many);
  for (const bool cancel : {false, true}) {
    const auto gate = support::Gate::make();
    const auto ran = mp::Value<int>(0);
    auto pool = kind.pool(1);
    auto results = pool.map(first_letter, pieces.views, std::vector(many, gate), std::vector(many, ran));
    pool.shutdown(false, cancel);
    gate.open();
    pool.shutdown(true);
    if (cancel) {
      CHECK(ran.load() < 10);
    } else {
      CHECK(ran.load() == many);
      CHECK(results.to_vector().size() == many);
    }
  }
}
