// SPDX-License-Identifier: BSL-1.0
// Processes that a test takes through a piece of code instruction by instruction, by ptrace.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>

#include "support/processes.hpp"
#include "support/shared.hpp"

namespace support {

/// Tracer and tracee on one processor: a step then costs no wake-up of another.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
      if (!CPU_ISSET(i, &before_)) continue;
      CPU_SET(i, &one);
      break;
    }
    ::sched_setaffinity(0, sizeof one, &one);
  }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

/// Waits for the next stop of a traced process. False: it has ended.
inline bool wait_stop(pid_t pid) {
  int status = 0;
  for (;;) {
    const pid_t got = ::waitpid(pid, &status, __WALL);
    if (got < 0 && errno == EINTR) continue;
    return got == pid && WIFSTOPPED(status);
  }
}

inline bool may_trace() {
  const pid_t child = fork_child([]() -> int {
    for (volatile unsigned n = 0;;) n = n + 1;
  });
  const bool can = ::ptrace(PTRACE_ATTACH, child, nullptr, nullptr) == 0 && wait_stop(child) &&
                   ::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == 0 && wait_stop(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, __WALL);
  return can;
}

/// A step of a thread that another process has, which may sleep in it, unless `done()`. False: no step.
template <class Done>
bool step_unless(pid_t thread, Done done) {
  if (done() || ::ptrace(PTRACE_SINGLESTEP, thread, nullptr, nullptr) != 0) return false;
  for (;;) {
    int status = 0;
    const pid_t got = ::waitpid(thread, &status, __WALL | WNOHANG);
    if (got == thread) return WIFSTOPPED(status);
    if (got < 0 && errno != EINTR) return false;
    if (done()) return false;
    ::sched_yield();
  }
}
/// Kills a process, of which a thread is traced.
inline void kill_traced(pid_t process, pid_t thread) {
  ::kill(process, SIGKILL);
  int status = 0;  // a tracer has to see the end before the parent can
  while (::waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status))
    ::ptrace(PTRACE_CONT, thread, nullptr, nullptr);
}

/// A child that runs `before`, stops, and goes through `body` one instruction a call of step(). Killed at the end.
class Stepped {
 public:
  template <class Before, class Body>
  Stepped(Before before, Body body)
      : past_(Counter::make()), child_(fork_child([&] {
          before();
          ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
          ::raise(SIGSTOP);
          body();
          past_.add();
          for (;;) ::pause();
          return 0;
        })) {
    stopped_ = wait_stop(child_);
  }
  Stepped(const Stepped&) = delete;
  Stepped& operator=(const Stepped&) = delete;
  ~Stepped() { kill(); }

  /// False: it is past the body.
  bool step() {
    if (!stopped_ || is_past()) return false;
    stopped_ = ::ptrace(PTRACE_SINGLESTEP, child_, nullptr, nullptr) == 0 && wait_stop(child_);
    return stopped_;
  }
  /// How many it has taken, at the most `count`.
  std::size_t steps(std::size_t count) {
    std::size_t taken = 0;
    while (taken < count && step()) ++taken;
    return taken;
  }
  /// Lets it go on by itself. Whether it comes past the body.
  bool finish() {
    if (is_past()) return true;
    stopped_ = false;
    return ::ptrace(PTRACE_CONT, child_, nullptr, nullptr) == 0 && past_.reaches(1);
  }
  bool is_past() const { return past_.value() != 0; }
  void kill() {
    if (child_ == 0) return;
    kill_traced(child_, child_);
    child_ = 0;
  }

 private:
  Counter past_;
  pid_t child_;
  bool stopped_ = false;
};

}  // namespace support
