// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/futex.hpp>

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
  const int saved = errno;
  const bool in_time = os::sleep_on(&word, old, limit, shared);
  errno = saved;
  return in_time;
}

/// Wakes up to `count` of those who sleep on `word`. Returns how many were woken.
inline int futex_wake(std::atomic<std::uint32_t>& word, int count = INT_MAX, bool shared = false) noexcept {
  const int saved = errno;
  const int woken = os::wake_sleepers(&word, count, shared);
  errno = saved;
  return woken;
}

/// Sleeps while `own`, private to this process, holds `own_old` and `shared`, which several processes have mapped,
/// holds `shared_old`. Returns false when the system cannot do that (before Linux 5.16); otherwise true, also at the
/// deadline and for no reason.
inline bool futex_wait_either(const std::atomic<std::uint32_t>& own, std::uint32_t own_old,
                              const std::atomic<std::uint32_t>& shared, std::uint32_t shared_old,
                              Deadline deadline) noexcept {
  timespec time{};
  if (deadline != (Deadline::max)()) time = to_timespec(deadline);
  const int saved = errno;
  const bool supported =
      os::sleep_on_either(&own, own_old, &shared, shared_old, deadline != (Deadline::max)() ? &time : nullptr);
  errno = saved;
  return supported;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
