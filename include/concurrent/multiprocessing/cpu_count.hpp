// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/control_groups.hpp>
#include <concurrent/os/processors.hpp>

#include <unistd.h>

namespace concurrent::multiprocessing::inline v0 {

/// The number of processors of the machine, at least 1.
///
/// Python: `multiprocessing.cpu_count()`.
inline int cpu_count() noexcept {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : static_cast<int>(count);
}

namespace detail {

/// `limit` processors' worth of time are this many of `count`, at least 1.
inline int count_within(int count, double limit) noexcept {
  const int whole = limit < count ? static_cast<int>(limit) : count;
  const int rounded_up = limit > whole ? whole + 1 : whole;
  if (limit > 0 && rounded_up < count) count = rounded_up;
  return count < 1 ? 1 : count;
}

}  // namespace detail

/// The number of processors that this process may use: its affinity mask, and its cgroup's quota rounded up. At least
/// 1. The default number of workers.
///
/// Python: `os.process_cpu_count()`, which does not know quotas.
inline int usable_cpu_count() {
  const int allowed = os::count_allowed_processors();
  return detail::count_within(allowed > 0 ? allowed : cpu_count(), os::cgroup_cpu_limit());
}

}  // namespace concurrent::multiprocessing::inline v0
