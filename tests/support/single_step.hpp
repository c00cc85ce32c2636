// SPDX-License-Identifier: BSL-1.0
// Processes that a test takes through a piece of code instruction by instruction, by ptrace.
//
// To stop after n instructions for every n takes n * n / 2 steps, and a step takes two switches of context. So the
// first time round notes landmarks: addresses that are met for the first time after so many instructions. Each later
// process runs to the last of them that it may pass by itself, as far as a breakpoint there, and is stepped from it on.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

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
    const int here = ::sched_getcpu();  // and not the first: tests that run side by side would all be there
    CPU_SET(here < 0 ? 0U : static_cast<unsigned>(here), &one);
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

struct Landmark {
  std::size_t steps;  // from the beginning, the first time round
  std::uintptr_t address;
};

class Landmarks {
 public:
  bool is_noting() const { return noting_; }
  /// Once: where it is after so many steps.
  void note(std::size_t steps, std::uintptr_t address) {
    if (met_.insert(address).second && (marks_.empty() || steps - marks_.back().steps >= apart))
      marks_.push_back({steps, address});
  }
  void end_noting() { noting_ = false; }
  /// The last that is met within so many steps; none: steps of 0.
  Landmark before(std::size_t steps) const {
    Landmark found{0, 0};
    for (const Landmark& mark : marks_) {
      if (mark.steps <= steps) found = mark;
    }
    return found;
  }
  /// A process came past it another way.
  void forget(Landmark mark) {
    std::erase_if(marks_, [&](const Landmark& each) { return each.address == mark.address; });
  }

 private:
  static constexpr std::size_t apart = 64;
  bool noting_ = true;
  std::set<std::uintptr_t> met_;
  std::vector<Landmark> marks_;
};

#ifdef __x86_64__
inline std::uintptr_t address_of(pid_t pid) {
  user_regs_struct registers{};
  return ::ptrace(PTRACE_GETREGS, pid, nullptr, &registers) == 0 ? registers.rip : 0;
}
/// What a run to a landmark came to.
enum class Reached { landmark, end, nothing };  // nothing: there can be no breakpoint

/// Lets a stopped process that has one thread run to `address`, unless it is `done()` before.
template <class Done>
Reached run_to(pid_t pid, std::uintptr_t address, Done done) {
  void* const place = reinterpret_cast<void*>(address);
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKTEXT, pid, place, nullptr);
  if (errno != 0 || ::ptrace(PTRACE_POKETEXT, pid, place, (word & ~0xffL) | 0xcc) != 0) return Reached::nothing;
  if (::ptrace(PTRACE_CONT, pid, nullptr, nullptr) != 0) return Reached::end;
  for (;;) {
    int status = 0;
    const pid_t got = ::waitpid(pid, &status, __WALL | WNOHANG);
    if (got == pid && !WIFSTOPPED(status)) return Reached::end;
    if (got == pid) break;
    if ((got < 0 && errno != EINTR) || done()) return Reached::end;
    ::sched_yield();
  }
  user_regs_struct registers{};
  if (::ptrace(PTRACE_GETREGS, pid, nullptr, &registers) != 0 || registers.rip != address + 1) return Reached::end;
  registers.rip = address;
  if (::ptrace(PTRACE_SETREGS, pid, nullptr, &registers) != 0) return Reached::end;
  return ::ptrace(PTRACE_POKETEXT, pid, place, word) == 0 ? Reached::landmark : Reached::end;
}
#endif

struct Steps {
  std::size_t taken = 0;
  bool stopped = true;  // false: it has ended, or goes on by itself
  bool missed = false;  // it did not come past the landmark, and is done
};

/// Takes a stopped process `most` instructions on, unless it is `done()` before.
template <class Done>
Steps take_steps(pid_t pid, std::size_t most, Landmarks& landmarks, Done done) {
  Steps steps;
#ifdef __x86_64__
  if (const Landmark mark = landmarks.before(most); !landmarks.is_noting() && mark.steps != 0) {
    const Reached reached = run_to(pid, mark.address, done);
    if (reached == Reached::landmark) {
      steps.taken = mark.steps;
    } else {
      landmarks.forget(mark);
      if (reached == Reached::end) return {most, false, true};
    }
  }
#endif
  while (steps.taken < most && !done()) {
    steps.stopped = ::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) == 0 && wait_stop(pid);
    if (!steps.stopped) break;
    ++steps.taken;
#ifdef __x86_64__
    if (landmarks.is_noting()) landmarks.note(steps.taken, address_of(pid));
#endif
  }
  landmarks.end_noting();
  return steps;
}

/// A child that runs `before`, stops, and goes through `body` by steps(). Killed at the end.
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
    Landmarks none;
    return steps(1, none).taken == 1;
  }
  /// Takes it that many instructions on, but not past the body.
  Steps steps(std::size_t most, Landmarks& landmarks) {
    const Steps steps = take_steps(child_, most, landmarks, [this] { return !stopped_ || is_past(); });
    stopped_ = stopped_ && steps.stopped;
    return steps;
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
