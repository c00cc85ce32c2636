// SPDX-License-Identifier: BSL-1.0
// After a test that makes an executor, this process is as it was: no child, thread, descriptor, mapping, file under
// /dev/shm or signal setting more or other than before.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace support {

/// What could leak, at one moment.
struct Holdings {
  bool children = false;
  std::vector<std::string> threads;
  std::vector<std::string> descriptors;
  std::vector<std::string> files;
  std::vector<std::string> mappings;
  std::vector<std::string> signals;

  static Holdings now() {
    Holdings holdings;
    // ThreadSanitizer starts a program to name what a suppression may mean, and talks to it through pipes.
    std::size_t helpers = 0;
    if (sanitizes_threads) {
      for (const pid_t child : descendants(::getpid())) {
        const std::string name = read_text("/proc/" + std::to_string(child) + "/comm");
        if (name.find("symbolize") != std::string::npos || name.find("addr2line") != std::string::npos) ++helpers;
      }
    }
    holdings.children = helpers == 0 ? has_children() : descendants(::getpid()).size() > helpers;
    holdings.threads = names_in("/proc/self/task");
    for (const std::string& name : names_in("/proc/self/fd")) {
      std::array<char, 256> target{};
      // The descriptor of the listing itself is gone by now, so its link does not resolve.
      if (::readlink(("/proc/self/fd/" + name).c_str(), target.data(), target.size() - 1) > 0)
        if (helpers == 0 || std::string(target.data()).rfind("pipe:", 0) != 0)
          holdings.descriptors.push_back(name + " " + target.data());
    }
    holdings.files = names_in("/dev/shm");
    const std::string maps = read_text("/proc/self/maps");
    for (std::size_t at = 0; at < maps.size();) {
      const std::size_t end = maps.find('\n', at);
      const std::string map = maps.substr(at, end - at);
      // Named memory files, and what else is shared: private memory belongs to the allocator.
      if (map.find("memfd:") != std::string::npos || map.find("/dev/shm") != std::string::npos ||
          map.find("/dev/zero") != std::string::npos)
        holdings.mappings.push_back(map);
      at = end + 1;
    }
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction action{};
      if (::sigaction(number, nullptr, &action) != 0) continue;
      holdings.signals.push_back("handler of " + std::to_string(number) + ": " +
                                 std::to_string(reinterpret_cast<unsigned long>(action.sa_handler)) + " flags " +
                                 std::to_string(action.sa_flags & ~0x04000000));  // SA_RESTORER, the C library's
      sigset_t mask;
      ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      if (sigismember(&mask, number) == 1) holdings.signals.push_back("blocked: " + std::to_string(number));
    }
    return holdings;
  }
};

/// Whether a process has the file open or mapped that is neither in `ours` nor this one nor below it.
inline bool held_by_others(const std::string& path, const std::vector<pid_t>& ours) {
  std::vector<pid_t> family = descendants(::getpid());
  family.push_back(::getpid());
  family.insert(family.end(), ours.begin(), ours.end());
  for (const std::string& name : names_in("/proc")) {
    const pid_t pid = std::atoi(name.c_str());
    if (pid <= 0 || std::find(family.begin(), family.end(), pid) != family.end()) continue;
    if (read_text("/proc/" + name + "/maps").find(path) != std::string::npos) return true;
    for (const std::string& number : names_in("/proc/" + name + "/fd")) {
      std::array<char, 512> target{};
      const std::string link = "/proc/" + name + "/fd/" + number;
      if (::readlink(link.c_str(), target.data(), target.size() - 1) > 0 && path == target.data()) return true;
    }
  }
  return false;
}

/// The files under /dev/shm but those which are not in `before` (sorted) and which a process that is none of ours has
/// open or mapped, or had until a moment ago. `ours`: processes that were below this one and may be no longer.
inline std::vector<std::string> files_of_nobody_else(const std::vector<std::string>& before,
                                                     const std::vector<pid_t>& ours = {}) {
  std::vector<std::string> files = names_in("/dev/shm");
  std::erase_if(files, [&](const std::string& file) {
    // Of MPI jobs that other tests kill, at the same time.
    if (file.starts_with("vader_segment.") || file.starts_with("mpich_shm")) return true;
    const std::string path = "/dev/shm/" + file;
    return !std::binary_search(before.begin(), before.end(), file) &&
           (held_by_others(path, ours) || ::access(path.c_str(), F_OK) != 0);
  });
  return files;
}

class LeakCheck {
 public:
  LeakCheck() : prepared_(prepare()), process_(::getpid()), before_(Holdings::now()) {}
  LeakCheck(const LeakCheck&) = delete;
  LeakCheck& operator=(const LeakCheck&) = delete;

  ~LeakCheck() {
    // When the test has failed already, what it left behind would only hide why.
    if (process_ == ::getpid() && std::uncaught_exceptions() == exceptions_) verify();
  }

  void verify() const {
    const std::string found = leaks();
    CHECK(found == "");
  }

  /// What is held now and was not before, one line each; empty when nothing is.
  std::string leaks() const {
    const Holdings now = Holdings::now();
    std::string found;
    if (now.children && !before_.children) {
      found += "a child process was not reaped:";
      for (const pid_t child : descendants(::getpid()))
        found += " " + std::to_string(child) + " (" + status_field(std::to_string(child), "State") + ")";
      found += '\n';
    }
    found += difference("descriptor", before_.descriptors, now.descriptors);
    found += difference("mapping", before_.mappings, now.mappings);
    found += difference("signal setting", before_.signals, now.signals);
    // A joined thread can be seen in /proc for an instant longer, and others use /dev/shm as well.
    std::string slow;
    eventually(
        [&] {
          slow = slow_leaks();
          return slow.empty();
        },
        std::chrono::seconds(2));
    return found + slow;
  }

 private:
  /// What lives as long as the program is made before the first look.
  static bool prepare() {
    Watchdog::instance();
    Word::make();
    Arena::mine().used = 1;  // words of earlier tests are free again
    return true;
  }

  std::string slow_leaks() const {
    return difference("thread", before_.threads, names_in("/proc/self/task")) +
           difference("file under /dev/shm", before_.files, files_of_nobody_else(before_.files));
  }

  static std::string difference(const char* what, const std::vector<std::string>& before,
                                const std::vector<std::string>& now) {
    std::vector<std::string> added;
    std::set_difference(now.begin(), now.end(), before.begin(), before.end(), std::back_inserter(added));
    std::string text;
    for (const std::string& one : added) text += std::string("new ") + what + ": " + one + '\n';
    return text;
  }

  bool prepared_;
  pid_t process_;
  Holdings before_;
  int exceptions_ = std::uncaught_exceptions();
};

/// The name of the test that is running.
inline std::string test_name() { return std::string(Catch::getResultCapture().getCurrentTestName()); }

/// The fixture of a test that makes executors: TEST_CASE_METHOD(support::LeakChecked, "…").
class LeakChecked {
 public:
  LeakChecked() = default;

 private:
  LeakCheck leaks_;
  DeadlineGuard deadline_{test_name()};
};

}  // namespace support
