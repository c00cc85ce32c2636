// SPDX-License-Identifier: BSL-1.0
// For what would harm the test program itself: limits, mounts, changed users, the caller's own death.
#pragma once

#include "faults/trial.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "support/failed_checks.hpp"

namespace faults {

/// Runs `body`, a test in itself, in a forked child: its failed checks are this test's. A child that hangs is killed.
inline void in_child(const std::function<void()>& body, int seconds = 60) {
  const pid_t child = support::fork_child([&] {
    ::alarm(static_cast<unsigned>(seconds * busy()));
    support::failed_checks() = 0;
    body();
    std::fflush(nullptr);
    return support::failed_checks() == 0 ? 0 : 1;
  });
  const int status = support::wait_status(child, seconds * busy() + 10);
  CHECK(status == 0);
}

/// A fault of the surroundings, not of the library: the row cannot be tried.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void set_limit(int resource, rlim_t value) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) throw Unavailable("getrlimit");
  limit.rlim_cur = value;
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) throw Unavailable("setrlimit");
}

/// Memory that this process has mapped.
inline rlim_t address_space_in_use() {
  long pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

/// Mounts of this process are its own from now on. False: not permitted.
inline bool own_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// A function with the text that it throws as std::system_error; empty when it throws none.
template <class Body>
std::string system_error_of(Body&& body) {
  try {
    body();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace faults
