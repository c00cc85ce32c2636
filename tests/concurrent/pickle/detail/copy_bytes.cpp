// SPDX-License-Identifier: BSL-1.0
#include <concurrent/pickle/detail/copy_bytes.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

using concurrent::pickle::detail::copy_bytes;

TEST_CASE("copy_bytes: large blocks, wherever they begin and end, and nothing beside them") {
  constexpr std::size_t large = concurrent::pickle::detail::past_caches;
  std::vector<std::byte> from(large + 300);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i * 31 >> 3U);
  std::vector<std::byte> to(from.size());
  for (const auto& [at, source] : {std::pair<std::size_t, std::size_t>{0, 0}, {1, 0}, {63, 1}, {64, 17}, {65, 64}}) {
    for (const std::size_t size : {large - 1, large, large + 1, large + 63, large + 130}) {
      std::fill(to.begin(), to.end(), std::byte{0xee});
      copy_bytes(to.data() + at, from.data() + source, size);
      const auto first = to.begin() + static_cast<std::ptrdiff_t>(at);
      const auto last = first + static_cast<std::ptrdiff_t>(size);
      CHECK(std::equal(first, last, from.begin() + static_cast<std::ptrdiff_t>(source)));
      const auto untouched = [](std::byte b) { return b == std::byte{0xee}; };
      CHECK(std::all_of(to.begin(), first, untouched));
      CHECK(std::all_of(last, to.end(), untouched));
    }
  }
}

TEST_CASE("copy_bytes: of nothing also with null pointers") { copy_bytes(nullptr, nullptr, 0); }
