// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace concurrent::os::inline v0 {

/// Whether the C library, where it changes the user or group of a whole process, sends a signal to each other thread
/// whose handler runs before the call returns, on the thread's alternate stack if it has one.
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34))
inline constexpr bool changes_rights_by_signals = true;
#else
inline constexpr bool changes_rights_by_signals = false;
#endif

/// One half of a thread's capabilities, as the system call capget gives it in its third version, in two such halves.
struct CapabilityWords {
  std::uint32_t effective = 0;
  std::uint32_t permitted = 0;
  std::uint32_t inheritable = 0;
};

/// What the calling thread may do.
struct Rights {
  uid_t users[3]{};   // real, effective, saved
  gid_t groups[3]{};  // likewise
  std::vector<gid_t> more_groups;
  CapabilityWords capabilities[2]{};

  static Rights here() {
    Rights rights;
    ::getresuid(&rights.users[0], &rights.users[1], &rights.users[2]);
    ::getresgid(&rights.groups[0], &rights.groups[1], &rights.groups[2]);
    const int count = ::getgroups(0, nullptr);
    rights.more_groups.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (count > 0 && ::getgroups(count, rights.more_groups.data()) != count) rights.more_groups.clear();
    struct {
      std::uint32_t version = 0x20080522;
      int thread = 0;  // the calling one
    } header;
    ::syscall(SYS_capget, &header, rights.capabilities);
    return rights;
  }

  friend bool operator==(const Rights& a, const Rights& b) noexcept {
    bool same = a.more_groups == b.more_groups;
    for (int i = 0; i < 3; ++i) same = same && a.users[i] == b.users[i] && a.groups[i] == b.groups[i];
    for (int i = 0; i < 2; ++i) {
      same = same && a.capabilities[i].effective == b.capabilities[i].effective &&
             a.capabilities[i].permitted == b.capabilities[i].permitted;
    }
    return same;
  }

  /// False: there is nothing that it could change, or give up.
  bool may_change() const noexcept {
    return users[0] != users[1] || users[1] != users[2] || groups[0] != groups[1] || groups[1] != groups[2] ||
           capabilities[0].permitted != 0 || capabilities[1].permitted != 0;
  }

  /// For messages.
  std::string text() const {
    std::string more;
    for (const gid_t group : more_groups) more += (more.empty() ? " with " : ", ") + std::to_string(group);
    return "user " + std::to_string(users[1]) + ", group " + std::to_string(groups[1]) + more +
           (capabilities[0].effective != 0 || capabilities[1].effective != 0 ? " and capabilities"
                                                                             : " and no capabilities");
  }
};

}  // namespace concurrent::os::inline v0
