// SPDX-License-Identifier: BSL-1.0
// What /proc tells of a process and all that descend from it.
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

namespace bench {

struct Use {
  double cpu_seconds = 0;
  long wake_ups = 0;  // returns from a sleep
};

/// `root` and its descendants: workers, and who started them.
inline std::set<pid_t> family(pid_t root) {
  namespace fs = std::filesystem;
  std::set<pid_t> members = {root};
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      std::ifstream stat(entry.path() / "stat");
      std::string text;
      std::getline(stat, text);
      const std::size_t after_name = text.rfind(')');  // a name may hold anything
      if (after_name == std::string::npos) continue;
      const auto parent = static_cast<pid_t>(std::strtol(text.c_str() + after_name + 4, nullptr, 10));
      if (members.count(parent) != 0 && members.insert(static_cast<pid_t>(std::stol(name))).second) grown = true;
    }
  }
  return members;
}

/// The number after `key` in a file of lines "key number …"; 0 if there is none.
inline long number_after(const std::filesystem::path& file, std::string_view key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(key)) return std::strtol(line.c_str() + key.size(), nullptr, 10);
  }
  return 0;
}

/// What all threads of these processes have used so far.
inline Use use_of(const std::set<pid_t>& processes) {
  Use use;
  for (const pid_t pid : processes) {
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
      double nanoseconds = 0;
      if (std::ifstream(task.path() / "schedstat") >> nanoseconds) use.cpu_seconds += nanoseconds * 1e-9;
      use.wake_ups += number_after(task.path() / "status", "voluntary_ctxt_switches:");
    }
  }
  return use;
}

/// Shared memory these processes have in use together, in bytes.
inline long shared_bytes(const std::set<pid_t>& processes) {
  long kibibytes = 0;
  for (const pid_t pid : processes) kibibytes += number_after(fmt::format("/proc/{}/smaps_rollup", pid), "Pss_Shmem:");
  return kibibytes * 1024;
}

}  // namespace bench
