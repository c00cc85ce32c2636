// SPDX-License-Identifier: BSL-1.0
// Processes: who has ended, who ends with whom, and what the system tells of another one.
#pragma once

#include <concurrent/os/descriptor.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace concurrent::os::inline v0 {

/// A descriptor that becomes readable when the process ends. -1, and errno set, where the kernel has no such thing.
inline int open_process(pid_t pid) noexcept {
#ifdef SYS_pidfd_open
  return above_streams(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
#else
  errno = ENOSYS;
  return -1;
#endif
}

/// A copy of another process's descriptor, for which Linux wants as many rights as for tracing it. `process` is what
/// open_process has returned. -1, and errno set: it may not be had.
inline int copy_descriptor(int process, int descriptor) noexcept {
#ifndef SYS_pidfd_getfd
  constexpr long call_number = 438;  // the same on every architecture
#else
  constexpr long call_number = SYS_pidfd_getfd;
#endif
  return above_streams(static_cast<int>(::syscall(call_number, process, descriptor, 0)));
}

/// This process is killed when the thread that has started it ends. Forgotten when it changes its user.
inline void end_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

/// This process is killed when the last reader of a pipe, whose writing end it has, is gone. Not forgotten.
inline void end_with_reader(int pipe) noexcept {
  if (::fcntl(pipe, F_SETOWN, ::getpid()) == 0 && ::fcntl(pipe, F_SETSIG, SIGKILL) == 0)
    ::fcntl(pipe, F_SETFL, O_NONBLOCK | O_ASYNC);
}

/// How much memory this process has had at most at a time; -1: not known.
inline long most_kibibytes_used() noexcept {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : -1;
}

/// A thread's and process's name as `ps` and /proc/PID/comm show it: 15 characters.
inline void set_process_title(const char* name) noexcept { ::prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Whether a process has nothing at `address`: after an exec it has none of its former memory. Not sure: false.
inline bool is_unmapped_in(pid_t pid, std::uint64_t address) noexcept {
  std::uint64_t word = 0;
  iovec here{&word, sizeof word};
  iovec there{reinterpret_cast<void*>(address), sizeof word};
  return ::syscall(SYS_process_vm_readv, static_cast<long>(pid), &here, 1L, &there, 1L, 0L) < 0 && errno == EFAULT;
}

/// The beginning of what /proc tells of a process, as a string; false: nothing.
template <std::size_t Size>
bool read_of_process(pid_t pid, const char* what, char (&text)[Size]) noexcept {
  std::snprintf(text, sizeof text, "/proc/%d/%s", pid, what);
  const int file = above_streams(::open(text, O_RDONLY | O_CLOEXEC));
  if (file < 0) return false;
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (size <= 0) return false;
  text[size] = '\0';
  return true;
}

/// How many bytes of addresses this process has mapped. Not known (no /proc): 0.
inline std::uint64_t mapped_bytes() noexcept {
  char text[128];
  if (!read_of_process(::getpid(), "statm", text)) return 0;
  return std::strtoull(text, nullptr, 10) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Whether a process would go on if it were given a processor. Not known (no /proc): false.
inline bool waits_for_processor(pid_t pid) noexcept {
  char text[256];
  if (!read_of_process(pid, "stat", text)) return false;
  const char* const name_end = std::strrchr(text, ')');  // the name may hold anything, blanks and brackets too
  return name_end != nullptr && std::strncmp(name_end, ") R", 3) == 0;
}

/// True: `status` tells of a child that has not ended. It has asked its parent to trace it (PTRACE_TRACEME, so that no
/// debugger can), and would stop at each signal; from now on it is not traced, and gets this one.
inline bool let_go_of_traced(pid_t child, int status) noexcept {
  if (!WIFSTOPPED(status)) return false;
  const int number = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);  // a trap is the tracing's own
  ::ptrace(PTRACE_DETACH, child, nullptr, reinterpret_cast<void*>(static_cast<std::intptr_t>(number)));
  return true;
}

/// Whether a process ignores a signal. Not known (no /proc): false.
inline bool is_ignored_in(pid_t pid, int number) noexcept {
  char text[4096];
  if (!read_of_process(pid, "status", text)) return false;
  const char* const field = std::strstr(text, "\nSigIgn:");
  return field != nullptr && (std::strtoull(field + 8, nullptr, 16) >> (number - 1) & 1U) != 0;
}

}  // namespace concurrent::os::inline v0
