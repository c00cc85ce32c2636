// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace concurrent::pickle::inline v0::detail {

/// More than a core has of the caches.
inline constexpr std::size_t past_caches = std::size_t{8} << 20;

// What GCC's functions store, its sanitizers do not see.
#if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// Stores that do not read the line before leave more of the memory's bandwidth to the copy: twice as much on some
/// servers. The C library does so too, but from a part of the whole machine's cache on, which is 200 MiB on those.
/// `size`: a line at least.
[[gnu::noinline]] inline void copy_past_caches(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  using Unit [[gnu::vector_size(16), gnu::may_alias]] = long long;
  constexpr std::size_t line = 64;
  const std::size_t head = (line - reinterpret_cast<std::uintptr_t>(to) % line) % line;
  std::memcpy(to, from, head);
  const std::size_t whole = (size - head) / line * line;
  auto* target = reinterpret_cast<Unit*>(to + head);
  const std::byte* source = from + head;
  for (const std::byte* const end = source + whole; source != end; source += line, target += 4) {
    Unit a;
    Unit b;
    Unit c;
    Unit d;
    std::memcpy(&a, source, sizeof a);
    std::memcpy(&b, source + 16, sizeof b);
    std::memcpy(&c, source + 32, sizeof c);
    std::memcpy(&d, source + 48, sizeof d);
#if defined(__clang__)
    __builtin_nontemporal_store(a, target);
    __builtin_nontemporal_store(b, target + 1);
    __builtin_nontemporal_store(c, target + 2);
    __builtin_nontemporal_store(d, target + 3);
#else
    __builtin_ia32_movntdq(target, a);
    __builtin_ia32_movntdq(target + 1, b);
    __builtin_ia32_movntdq(target + 2, c);
    __builtin_ia32_movntdq(target + 3, d);
#endif
  }
  __builtin_ia32_sfence();  // such stores are in no order with others
  std::memcpy(to + head + whole, from + head + whole, size - head - whole);
}
#else
inline void copy_past_caches(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  std::memcpy(to, from, size);
}
#endif

/// As std::memcpy; of no bytes also with null pointers.
inline void copy_bytes(void* to, const void* from, std::size_t size) noexcept {
  if (size >= past_caches) [[unlikely]]
    copy_past_caches(static_cast<std::byte*>(to), static_cast<const std::byte*>(from), size);
  else if (size != 0)
    std::memcpy(to, from, size);
}

}  // namespace concurrent::pickle::inline v0::detail
