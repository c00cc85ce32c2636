// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/stack.hpp>

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONCURRENT_FUTURES_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CONCURRENT_FUTURES_ADDRESS_SANITIZER
#endif
#ifdef CONCURRENT_FUTURES_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace concurrent::pickle::inline v0::detail {

// The memory of the calling thread's stack; empty where the system does not say.
struct Stack {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  bool known = false;

  bool holds(std::uintptr_t address) const noexcept { return address >= low && address < high; }
};

inline constinit thread_local Stack cached_stack{};

[[gnu::noinline, gnu::cold]] inline void find_stack() noexcept {
  cached_stack.known = true;
  void* low = nullptr;
  std::size_t size = 0;
  if (!os::find_stack(low, size)) return;
  cached_stack.low = reinterpret_cast<std::uintptr_t>(low);
  cached_stack.high = cached_stack.low + size;
}

// Asking the system costs a read of /proc for the main thread, so each thread asks once.
inline const Stack& this_thread_stack() noexcept {
  if (!cached_stack.known) [[unlikely]]
    find_stack();
  return cached_stack;
}

// Whether an address is that of a variable of the calling thread. AddressSanitizer keeps them elsewhere, to see when
// they are used too late.
inline bool is_on_stack(std::uintptr_t address) noexcept {
#ifdef CONCURRENT_FUTURES_ADDRESS_SANITIZER
  void* const fake_stack = __asan_get_current_fake_stack();
  if (fake_stack != nullptr &&
      __asan_addr_is_in_fake_stack(fake_stack, reinterpret_cast<void*>(address), nullptr, nullptr) != nullptr) {
    return true;
  }
#endif
  return this_thread_stack().holds(address);
}
#undef CONCURRENT_FUTURES_ADDRESS_SANITIZER

inline std::uintptr_t stack_position() noexcept { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

// Whether a function may recurse once more. Counting levels alone would refuse long lists that a stack of 8 MiB bears
// well, and would not save a thread with a small stack.
inline bool may_recurse(int depth) noexcept {
  constexpr auto reserve = std::uintptr_t{256} * 1024;
  constexpr int limit_on_unknown_stacks = 1000;
  const Stack& stack = this_thread_stack();
  const std::uintptr_t here = stack_position();
  if (!stack.holds(here)) return depth < limit_on_unknown_stacks;
  return here - stack.low > reserve;
}

}  // namespace concurrent::pickle::inline v0::detail
