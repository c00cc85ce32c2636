// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/cpu_count.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

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

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
