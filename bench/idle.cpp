// SPDX-License-Identifier: BSL-1.0
// What a pool costs that has nothing to do: processor time and wake-ups of all its processes and threads. Row S8.
#include <fmt/core.h>
#include <unistd.h>

#include <concurrent/futures.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "measure.hpp"

namespace cf = concurrent::futures;
namespace fs = std::filesystem;

namespace {

struct Use {
  double cpu_seconds = 0;
  long wake_ups = 0;
};

/// This process and all that descend from it: workers, and who started them.
std::set<pid_t> family() {
  std::set<pid_t> members = {getpid()};
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      std::ifstream stat(entry.path() / "stat");
      std::string text;
      std::getline(stat, text);
      const std::size_t after_name = text.rfind(')');
      if (after_name == std::string::npos) continue;
      const pid_t parent = static_cast<pid_t>(std::strtol(text.c_str() + after_name + 4, nullptr, 10));
      if (members.count(parent) != 0 && members.insert(static_cast<pid_t>(std::stol(name))).second) grown = true;
    }
  }
  return members;
}

Use use_of(const std::set<pid_t>& processes) {
  Use use;
  for (const pid_t pid : processes) {
    std::error_code gone;
    for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
      std::ifstream schedstat(task.path() / "schedstat");
      double nanoseconds = 0;
      if (schedstat >> nanoseconds) use.cpu_seconds += nanoseconds * 1e-9;
      std::ifstream status(task.path() / "status");
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with("voluntary_ctxt_switches:")) use.wake_ups += std::stol(line.substr(line.find(':') + 1));
      }
    }
  }
  return use;
}

}  // namespace

int main() {
  cf::ProcessPoolExecutor pool(2);
  for (int i = 0; i < 10'000; ++i) pool.submit([] {}).result();
  const auto processes = family();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const Use before = use_of(processes);
  std::this_thread::sleep_for(std::chrono::seconds(10));
  const Use after = use_of(processes);
  // Looking costs this thread one sleep, and the processor time of reading these files.
  fmt::print("| S8 | idle for 10 s, {} processes | {:.4f} s of processor, {} wake-ups | none (but for looking) |\n",
             processes.size(), after.cpu_seconds - before.cpu_seconds, after.wake_ups - before.wake_ups);
}
