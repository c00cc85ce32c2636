// SPDX-License-Identifier: BSL-1.0
// Tasks have a stack as large as the program's main stack. A process that was forked has that of the thread which
// forked; where it was another thread's, or a coroutine's, workers make themselves one.
#pragma once

#include <concurrent/os/pages.hpp>
#include <concurrent/os/thread.hpp>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if defined(__GLIBC__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define CONCURRENT_FUTURES_TELL_STACK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONCURRENT_FUTURES_TELL_STACK 1
#endif
#endif
#ifdef CONCURRENT_FUTURES_TELL_STACK
extern "C" void __sanitizer_start_switch_fiber(void** save, const void* bottom, std::size_t size);
extern "C" void __sanitizer_finish_switch_fiber(void* save, const void** bottom, std::size_t* size);
#endif

namespace concurrent::os::inline v0 {

// Where the main stack begins; not every C library says so.
extern "C" void* main_stack_end __asm__("__libc_stack_end") __attribute__((weak));

/// How large the program's main stack may grow; where that is not limited, as large as anybody needs it.
inline std::size_t main_stack_size() noexcept {
  constexpr std::size_t most = std::size_t{1} << 30;
  rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) != 0) return std::size_t{8} << 20;
  return limit.rlim_cur > most ? most : limit.rlim_cur;
}

/// In the caller: how large a stack its workers have to make for themselves. 0: none, this is the main stack.
inline std::size_t missing_stack() noexcept {
  const std::size_t size = main_stack_size();
  if (thread_id() != ::getpid()) return size;
  if (&main_stack_end == nullptr || main_stack_end == nullptr) return 0;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return reinterpret_cast<std::uintptr_t>(main_stack_end) - here < size ? 0 : size;
}

/// Goes on in `run(argument)`, which never returns, on a fresh stack with a guard page below it. Where there is none to
/// be had, on this one.
[[noreturn]] inline void run_on_own_stack([[maybe_unused]] std::size_t size, void (*run)(void*),
                                          void* argument) noexcept {
#if defined(__GLIBC__)
  constexpr std::size_t page = std::size_t{64} << 10;  // or what several of them take
  size = (size + page - 1) / page * page;
  void* const memory = size == 0 ? MAP_FAILED : reserve_stack(size + page);
  static ucontext_t context;
  if (memory != MAP_FAILED && ::getcontext(&context) == 0) {
    ::mprotect(memory, page, PROT_NONE);
    static void (*entry)(void*);
    static void* entry_argument;
    entry = run;
    entry_argument = argument;
    context.uc_link = nullptr;
    context.uc_stack.ss_sp = static_cast<std::byte*>(memory) + page;
    context.uc_stack.ss_size = size;
    ::makecontext(&context, static_cast<void (*)()>([] {
#ifdef CONCURRENT_FUTURES_TELL_STACK
      __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
      entry(entry_argument);
    }),
                  0);
#ifdef CONCURRENT_FUTURES_TELL_STACK
    static void* stack_before;  // kept, as `argument` may stand on it; with nowhere to keep it, it would be freed here
    __sanitizer_start_switch_fiber(&stack_before, context.uc_stack.ss_sp, size);
#endif
    ::setcontext(&context);
  }
#endif
  run(argument);
  std::abort();
}

}  // namespace concurrent::os::inline v0
