// SPDX-License-Identifier: BSL-1.0
// Sleeping on words. Times are on CLOCK_MONOTONIC; `shared`: the word lies in memory that several processes have
// mapped.
#pragma once

#include <concurrent/version.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace concurrent::os::inline v0 {

/// Sleeps while the word holds `old`, at the longest until `limit`; null: for ever. Returns false only when that time
/// has passed; otherwise true, also for no reason. May set errno.
inline bool sleep_on(const void* word, std::uint32_t old, const timespec* limit, bool shared) noexcept {
  // FUTEX_WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC: a signal in between costs no accuracy.
  const int operation = FUTEX_WAIT_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG);
  return ::syscall(SYS_futex, word, operation, old, limit, nullptr, FUTEX_BITSET_MATCH_ANY) == 0 || errno != ETIMEDOUT;
}

/// Wakes up to `count` of those who sleep on the word. Returns how many were woken. May set errno.
inline int wake_sleepers(void* word, int count, bool shared) noexcept {
  const long woken =
      ::syscall(SYS_futex, word, FUTEX_WAKE | (shared ? 0 : FUTEX_PRIVATE_FLAG), count, nullptr, nullptr, 0);
  return woken < 0 ? 0 : static_cast<int>(woken);
}

/// Sleeps while `own`, private to this process, holds `own_old` and `shared` holds `shared_old`. Returns false when the
/// system cannot do that (before Linux 5.16); otherwise true, also at `limit` and for no reason. May set errno.
inline bool sleep_on_either(const void* own, std::uint32_t own_old, const void* shared, std::uint32_t shared_old,
                            const timespec* limit) noexcept {
  struct Waiter {  // the kernel's futex_waitv, which older headers do not have
    std::uint64_t value;
    std::uint64_t address;
    std::uint32_t flags;
    std::uint32_t reserved;
  };
  constexpr std::uint32_t size_32 = 2;
  constexpr long call_number = 449;  // the same on every architecture
  const Waiter waiters[2] = {
      {own_old, reinterpret_cast<std::uintptr_t>(own), size_32 | FUTEX_PRIVATE_FLAG, 0},
      {shared_old, reinterpret_cast<std::uintptr_t>(shared), size_32, 0},
  };
  return ::syscall(call_number, waiters, 2, 0, limit, CLOCK_MONOTONIC) >= 0 ||
         (errno != ENOSYS && errno != EPERM && errno != EINVAL);
}

}  // namespace concurrent::os::inline v0
