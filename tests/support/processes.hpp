// SPDX-License-Identifier: BSL-1.0
// What /proc tells about this process and those below it.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace support {

inline std::string read_text(const std::string& path) {
  std::string text;
  if (const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC); file >= 0) {
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(file, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    ::close(file);
  }
  return text;
}

/// The names in a folder, sorted, without "." and "..".
inline std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  if (DIR* open = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(open)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(open);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A field of /proc/<pid>/status, without the blanks before it; empty when there is no such process.
inline std::string status_field(const std::string& process, const std::string& field) {
  const std::string text = read_text("/proc/" + process + "/status");
  const std::size_t start = text.find("\n" + field + ":");
  if (start == std::string::npos) return {};
  const std::size_t value = text.find_first_not_of(" \t", start + field.size() + 2);
  return text.substr(value, text.find('\n', value) - value);
}

/// Whether the process is there and no zombie.
inline bool alive(pid_t process) {
  const std::string state = status_field(std::to_string(process), "State");
  return !state.empty() && state[0] != 'Z' && state[0] != 'X';
}

/// All processes below `root`, children first; zombies too.
inline std::vector<pid_t> descendants(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  for (const std::string& name : names_in("/proc")) {
    if (name[0] < '0' || name[0] > '9') continue;
    const std::string parent = status_field(name, "PPid");
    if (!parent.empty()) children.emplace(static_cast<pid_t>(std::stol(parent)), static_cast<pid_t>(std::stol(name)));
  }
  std::vector<pid_t> found{root};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto it = first; it != last; ++it) found.push_back(it->second);
  }
  found.erase(found.begin());
  return found;
}

inline std::size_t count_alive(const std::vector<pid_t>& processes) {
  return static_cast<std::size_t>(std::count_if(processes.begin(), processes.end(), alive));
}

/// Whether this process has a child at all, ended or not. Reaps nothing.
inline bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/// Runs `body` in a forked child of the test, which then ends at once with what it returned.
inline pid_t fork_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = 120;
  try {
    status = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child of the test: %s\n", error.what());
  } catch (...) {
  }
  ::_exit(status);
}

/// How the child ended, as waitpid tells it. A child that does not end in time is killed.
inline int wait_status(pid_t child, int seconds = 30) {
  for (int tries = 0; tries < seconds * 1000; ++tries) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) return -1;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return -1;
}

}  // namespace support
