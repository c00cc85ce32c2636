// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/pages.hpp>

#include <cstddef>
#include <cstdint>

namespace concurrent::pickle::inline v0::detail {

// From this size on an allocator gives memory that nobody has touched, and touching it page by page takes five times as
// long as the copy that follows.
inline constexpr std::size_t large_block = std::size_t{4} << 20;

// Asks for large pages where a block is about to be copied to. Only a wish: where the system has none, nothing changes.
inline void prefer_large_pages(void* data, std::size_t size) noexcept {
  constexpr std::uintptr_t page = std::uintptr_t{64} << 10;  // the largest that Linux has otherwise
  const auto first = (reinterpret_cast<std::uintptr_t>(data) + page - 1) / page * page;
  const auto last = (reinterpret_cast<std::uintptr_t>(data) + size) / page * page;
  if (last > first) os::prefer_large_pages(reinterpret_cast<void*>(first), last - first);
}

}  // namespace concurrent::pickle::inline v0::detail
