// SPDX-License-Identifier: BSL-1.0
// Every test has a deadline. When it passes, the states and stacks of all processes of the test are printed, and the
// program ends: a hang must never look like a slow machine.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "support/processes.hpp"
#include "support/sanitizers.hpp"

namespace support {

/// Prints one line per thread of the process, and its stacks if a debugger is at hand.
inline void print_process(pid_t process) {
  const std::string pid = std::to_string(process);
  std::fprintf(stderr, "process %s (parent %s): %s\n", pid.c_str(), status_field(pid, "PPid").c_str(),
               status_field(pid, "State").c_str());
  for (const std::string& thread : names_in("/proc/" + pid + "/task")) {
    const std::string folder = "/proc/" + pid + "/task/" + thread;
    std::string name = read_text(folder + "/comm");
    std::string call = read_text(folder + "/syscall");
    if (!name.empty()) name.pop_back();
    if (!call.empty()) call.pop_back();
    std::fprintf(stderr, "  thread %s \"%s\" waits in %s, system call %s\n%s", thread.c_str(), name.c_str(),
                 read_text(folder + "/wchan").c_str(), call.c_str(), read_text(folder + "/stack").c_str());
  }
  const std::string debugger = "command -v gdb >/dev/null && timeout 30 gdb -nx -batch -p " + pid +
                               " -ex 'thread apply all backtrace 16' 2>&1 | " +
                               "grep -v -e '^warning' -e '^\\[New' -e '^Reading' -e '^Download' >&2";
  if (std::system(debugger.c_str()) != 0) std::fprintf(stderr, "  (no stacks)\n");
}

inline void print_processes() {
  print_process(::getpid());
  for (const pid_t process : descendants(::getpid())) print_process(process);
}

/// The thread that watches all deadlines. It lives as long as the program, so that it is no leak of a test.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  static Watchdog& instance() {
    static auto* watchdog = new Watchdog;
    return *watchdog;
  }

  long watch(std::string what, Clock::duration limit) {
    const std::lock_guard guard(mutex_);
    watched_.emplace(++last_, Entry{std::move(what), Clock::now() + limit});
    changed_.notify_all();
    return last_;
  }

  void forget(long id) {
    const std::lock_guard guard(mutex_);
    watched_.erase(id);
  }

 private:
  struct Entry {
    std::string what;
    Clock::time_point end;
  };

  Watchdog() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the program's signals go to its own threads
    // Not a std::thread: what that keeps on the heap only the thread itself knows, and in a forked child, which has the
    // memory and not the thread, a leak checker would report it.
    pthread_t thread;
    const auto start = [](void* self) -> void* {
      static_cast<Watchdog*>(self)->run();
      return nullptr;
    };
    if (::pthread_create(&thread, nullptr, start, this) == 0) ::pthread_detach(thread);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait_for(lock, std::chrono::milliseconds(200));
      for (const auto& [id, entry] : watched_) {
        if (Clock::now() >= entry.end) fail(entry.what);
      }
    }
  }

  [[noreturn]] static void fail(const std::string& what) {
    std::fflush(stdout);
    std::fprintf(stderr, "\n*** deadline passed: %s\n", what.c_str());
    print_processes();
    std::fflush(stderr);
    for (const pid_t process : descendants(::getpid())) ::kill(process, SIGKILL);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<long, Entry> watched_;
  long last_ = 0;
};

/// Ends the program, loudly, unless destroyed in time. Inert in a forked child, where nobody watches.
class DeadlineGuard {
 public:
  explicit DeadlineGuard(std::string what, std::chrono::nanoseconds limit = std::chrono::seconds(60))
      : id_(Watchdog::instance().watch(std::move(what), limit * slowness)), process_(::getpid()) {}
  DeadlineGuard(const DeadlineGuard&) = delete;
  DeadlineGuard& operator=(const DeadlineGuard&) = delete;
  ~DeadlineGuard() {
    if (process_ == ::getpid()) Watchdog::instance().forget(id_);
  }

 private:
  long id_;
  pid_t process_;
};

/// Runs `body`, which must end within the limit.
template <class Body>
decltype(auto) within(std::chrono::nanoseconds limit, std::string what, Body&& body) {
  const DeadlineGuard guard(std::move(what), limit);
  return std::forward<Body>(body)();
}

}  // namespace support
