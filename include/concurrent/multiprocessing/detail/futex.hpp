// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// An instant on the monotonic clock; `max()` means never.
using Deadline = std::chrono::steady_clock::time_point;

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "a futex word is four bytes");
static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "words between processes must be lock-free");

/// The instant as the kernel's absolute time on CLOCK_MONOTONIC.
inline timespec to_timespec(Deadline deadline) noexcept {
  const auto since = deadline.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds);
  timespec time{};
  time.tv_sec = seconds.count() < 0 ? 0 : seconds.count();
  time.tv_nsec = seconds.count() < 0 ? 0 : nanoseconds.count();
  return time;
}

/// Sleeps while `word` holds `old`, at the longest until `deadline`. Returns false only when the deadline has passed;
/// otherwise true, also for no reason: look at the word again. `shared`: the word lies in memory that several
/// processes have mapped.
inline bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline = (Deadline::max)(),
                       bool shared = false) noexcept {
  timespec time{};
  const timespec* limit = nullptr;
  if (deadline != (Deadline::max)()) {
    time = to_timespec(deadline);
    limit = &time;
  }
  // FUTEX_WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC: a signal in between costs no accuracy.
  const int operation = FUTEX_WAIT_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG);
  const int saved = errno;
  const long result = ::syscall(SYS_futex, &word, operation, old, limit, nullptr, FUTEX_BITSET_MATCH_ANY);
  const bool in_time = result == 0 || errno != ETIMEDOUT;
  errno = saved;
  return in_time;
}

/// Wakes up to `count` of those who sleep on `word`. Returns how many were woken.
inline int futex_wake(std::atomic<std::uint32_t>& word, int count = INT_MAX, bool shared = false) noexcept {
  const int saved = errno;
  const long woken =
      ::syscall(SYS_futex, &word, FUTEX_WAKE | (shared ? 0 : FUTEX_PRIVATE_FLAG), count, nullptr, nullptr, 0);
  errno = saved;
  return woken < 0 ? 0 : static_cast<int>(woken);
}

/// Sleeps while `own`, private to this process, holds `own_old` and `shared`, which several processes have mapped,
/// holds `shared_old`. Returns false when the system cannot do that (before Linux 5.16); otherwise true, also at the
/// deadline and for no reason.
inline bool futex_wait_either(const std::atomic<std::uint32_t>& own, std::uint32_t own_old,
                              const std::atomic<std::uint32_t>& shared, std::uint32_t shared_old,
                              Deadline deadline) noexcept {
  struct Waiter {  // the kernel's futex_waitv, which older headers do not have
    std::uint64_t value;
    std::uint64_t address;
    std::uint32_t flags;
    std::uint32_t reserved;
  };
  constexpr std::uint32_t size_32 = 2;
  constexpr long call_number = 449;  // the same on every architecture
  const Waiter waiters[2] = {
      {own_old, reinterpret_cast<std::uintptr_t>(&own), size_32 | FUTEX_PRIVATE_FLAG, 0},
      {shared_old, reinterpret_cast<std::uintptr_t>(&shared), size_32, 0},
  };
  timespec time{};
  if (deadline != (Deadline::max)()) time = to_timespec(deadline);
  const int saved = errno;
  const long result =
      ::syscall(call_number, waiters, 2, 0, deadline != (Deadline::max)() ? &time : nullptr, CLOCK_MONOTONIC);
  const bool supported = result >= 0 || (errno != ENOSYS && errno != EPERM && errno != EINVAL);
  errno = saved;
  return supported;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
