// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

namespace support {

/// A system call; or those of its uses alone in which an argument has a value, as far as its lower 32 bits tell.
struct ForbiddenCall {
  ForbiddenCall(int call)
      : number(static_cast<unsigned>(call)) {}  // NOLINT(google-explicit-constructor): a list of numbers
  ForbiddenCall(int call, unsigned which, std::uint32_t its_value)
      : number(static_cast<unsigned>(call)), has_argument(true), argument(which), value(its_value) {}

  unsigned number;
  bool has_argument = false;
  unsigned argument = 0;
  std::uint32_t value = 0;
};

/// From now on this process and its children cannot make these system calls. False: not to be had here.
inline bool forbid_calls(const std::vector<ForbiddenCall>& calls, int error) {
  const std::uint32_t refuse = SECCOMP_RET_ERRNO | static_cast<unsigned>(error);
  const sock_filter load_number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  std::vector<sock_filter> filter{load_number};
  for (const ForbiddenCall& call : calls) {
    if (!call.has_argument) {
      filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.number, 0, 1));
      filter.push_back(BPF_STMT(BPF_RET | BPF_K, refuse));
      continue;
    }
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.number, 0, 4));
    const auto place = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + call.argument * sizeof(std::uint64_t));
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.value, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, refuse));
    filter.push_back(load_number);
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace support
