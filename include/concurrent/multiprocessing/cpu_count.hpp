// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/small_file.hpp>

#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace concurrent::multiprocessing::inline v0 {

/// The number of processors of the machine, at least 1.
///
/// Python: `multiprocessing.cpu_count()`.
inline int cpu_count() noexcept {
  const long count = ::sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : static_cast<int>(count);
}

namespace detail {

/// Processors' worth of time that one line of a cgroup's cpu.max ("50000 100000", "max 100000") allows; 0: no limit.
inline double parse_cpu_max(const std::string& text) noexcept {
  char* end = nullptr;
  const double quota = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || quota <= 0) return 0;
  const double period = std::strtod(end, nullptr);
  return period > 0 ? quota / period : 0;
}

/// The smallest quota on the way from this process's cgroup (version 2) up to the root; 0: none. `groups` is the text
/// of /proc/self/cgroup, `root` where the hierarchy is mounted.
inline double cgroup_cpu_limit(const std::string& groups, const std::string& root) {
  const std::size_t line = ("\n" + groups).find("\n0::");
  if (line == std::string::npos) return 0;
  const std::size_t start = line + 3;
  std::string path = groups.substr(start, groups.find('\n', start) - start);
  double smallest = 0;
  for (;;) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    const double limit = parse_cpu_max(read_small_file(root + path + "/cpu.max"));
    if (limit > 0 && (smallest == 0 || limit < smallest)) smallest = limit;
    if (path.empty()) return smallest;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}
inline double cgroup_cpu_limit() { return cgroup_cpu_limit(read_small_file("/proc/self/cgroup"), "/sys/fs/cgroup"); }

/// `limit` processors' worth of time are this many of `count`, at least 1.
inline int count_within(int count, double limit) noexcept {
  const int whole = limit < count ? static_cast<int>(limit) : count;
  const int rounded_up = limit > whole ? whole + 1 : whole;
  if (limit > 0 && rounded_up < count) count = rounded_up;
  return count < 1 ? 1 : count;
}

inline int affinity_count() {
  for (int size = 1024; size <= 1 << 20; size *= 4) {  // machines have more processors than cpu_set_t has bits
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(static_cast<std::size_t>(size)),
                                                               [](cpu_set_t* memory) { CPU_FREE(memory); });
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(size));
    if (set != nullptr && ::sched_getaffinity(0, bytes, set.get()) == 0) return CPU_COUNT_S(bytes, set.get());
  }
  return cpu_count();
}

}  // namespace detail

/// The number of processors that this process may use: its affinity mask, and its cgroup's quota rounded up. At least
/// 1. The default number of workers.
///
/// Python: `os.process_cpu_count()`, which does not know quotas.
inline int usable_cpu_count() { return detail::count_within(detail::affinity_count(), detail::cgroup_cpu_limit()); }

}  // namespace concurrent::multiprocessing::inline v0
