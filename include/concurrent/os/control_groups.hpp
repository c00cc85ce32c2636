// SPDX-License-Identifier: BSL-1.0
// What control groups, in which containers are, allow this process, and what they tell of its end.
#pragma once

#include <concurrent/os/small_file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace concurrent::os::inline v0 {

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

/// The number after `key` at the start of a line; -1: there is none.
inline std::int64_t number_in(const std::string& text, const std::string& key) {
  const std::string wanted = "\n" + key + " ";
  const std::size_t at = ("\n" + text).find(wanted);
  return at == std::string::npos ? -1 : std::strtoll(text.c_str() + at + wanted.size() - 1, nullptr, 10);
}

/// How many processes the kernel has killed so far for want of memory: in this process's control group, or in the
/// whole system where groups do not tell; -1 where nobody does. A worker's SIGKILL and a step of this number are one.
inline std::int64_t out_of_memory_kills() {
  const auto path_of = [groups = read_small_file("/proc/self/cgroup")](const char* controller) -> std::string {
    const std::size_t at = groups.find(controller);
    if (at == std::string::npos) return "/";
    const std::size_t start = groups.find('/', at);
    return groups.substr(start, groups.find('\n', start) - start);
  };
  const std::string both[] = {"/sys/fs/cgroup" + path_of("0::") + "/memory.events",
                              "/sys/fs/cgroup/memory" + path_of(":memory:") + "/memory.oom_control",
                              "/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control",
                              "/proc/vmstat"};
  for (const std::string& path : both) {
    if (const std::int64_t kills = number_in(read_small_file(path), "oom_kill"); kills >= 0) return kills;
  }
  return -1;
}

}  // namespace concurrent::os::inline v0
