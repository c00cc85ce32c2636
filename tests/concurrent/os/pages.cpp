// SPDX-License-Identifier: BSL-1.0
#include <concurrent/os/pages.hpp>

#include <cstddef>
#include <cstdint>

#include "support/catch.hpp"

TEST_CASE("is_whole_pages: a part of a page is none, however large pages are") {
  alignas(64) static std::byte anything;
  const auto address = [](std::uintptr_t number) { return reinterpret_cast<const void*>(number); };
  using concurrent::os::is_whole_pages;
  CHECK(is_whole_pages(address(0x10000), 4096, 4096));
  CHECK(is_whole_pages(address(0x11000), 8192, 4096));
  CHECK_FALSE(is_whole_pages(address(0x11000), 4097, 4096));
  CHECK_FALSE(is_whole_pages(address(0x11010), 4096, 4096));
  for (const std::size_t page : {std::size_t{16384}, std::size_t{65536}}) {
    CHECK_FALSE(is_whole_pages(address(0x10000), 4096, page));
    CHECK_FALSE(is_whole_pages(address(0x11000), page, page));
    CHECK(is_whole_pages(address(0x10000), 2 * page, page));
  }
  CHECK_FALSE(is_whole_pages(&anything, 4096));
}
