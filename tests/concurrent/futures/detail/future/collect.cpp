// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/future/collect.hpp>
#include <deque>
#include <iterator>
#include <list>
#include <memory>
#include <vector>

#include "support/catch.hpp"

namespace cf = concurrent::futures;
using Futures = std::vector<cf::Future<int>>;

TEST_CASE("collect: keeps the first of each, in order") {
  const Futures futures(3);
  const std::list<cf::Future<int>> given{futures[2], futures[0], futures[2], futures[1], futures[0]};
  CHECK(cf::detail::collect(given) == Futures{futures[2], futures[0], futures[1]});
}

TEST_CASE("collect: an rvalue vector is moved from, anything else is not") {
  Futures futures(3);
  const Futures copy = futures;
  CHECK(cf::detail::collect(futures) == copy);
  CHECK(futures == copy);
  CHECK(cf::detail::collect(std::move(futures)) == copy);
  CHECK(futures.empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("SeenStates: tells states apart that lie close together, and far apart") {
  for (const std::size_t between : {std::size_t{0}, std::size_t{1} << 16}) {
    Futures futures;
    std::vector<std::unique_ptr<std::byte[]>> gaps;
    for (int i = 0; i < 200; ++i) {
      futures.emplace_back();
      if (between != 0) gaps.push_back(std::make_unique<std::byte[]>(between));
    }
    cf::detail::SeenStates seen(futures);
    for (const auto& future : futures) REQUIRE(seen.is_new(future));
    for (const auto& future : futures) REQUIRE_FALSE(seen.is_new(future));
  }
}
