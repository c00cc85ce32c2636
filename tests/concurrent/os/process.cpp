// SPDX-License-Identifier: BSL-1.0
#include <concurrent/os/process.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

using concurrent::os::set_process_title;
using concurrent::os::waits_for_processor;
using support::eventually;

namespace {

/// A process below the test that does one thing until it is killed, at the latest here.
class Child {
 public:
  explicit Child(void (*act)(), const char* name = "child")
      : pid_(support::fork_child([&] {
          ::alarm(60);  // also where the test is killed
          set_process_title(name);
          for (;;) act();
          return 0;
        })) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }

  pid_t pid() const { return pid_; }
  void stop() const {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, WUNTRACED) == pid_);
    REQUIRE(WIFSTOPPED(status));
  }
  void go_on() const { ::kill(pid_, SIGCONT); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_;
};

void compute() {
  volatile unsigned sum = 0;
  for (int i = 0; i < 1'000'000; ++i) sum = sum + 1;
}
void sleep_on() { ::pause(); }

}  // namespace

TEST_CASE("waits_for_processor: a process that computes does, until it is stopped, and again when it goes on") {
  const support::DeadlineGuard deadline("waits_for_processor of a process that computes");
  const Child child(compute);
  CHECK(eventually([&] { return waits_for_processor(child.pid()); }));
  child.stop();
  CHECK_FALSE(waits_for_processor(child.pid()));
  child.go_on();
  CHECK(eventually([&] { return waits_for_processor(child.pid()); }));
}

TEST_CASE("waits_for_processor: a process that sleeps does not, nor when it is stopped") {
  const support::DeadlineGuard deadline("waits_for_processor of a process that sleeps");
  const Child child(sleep_on);
  CHECK(eventually([&] { return !waits_for_processor(child.pid()); }));
  child.stop();
  CHECK_FALSE(waits_for_processor(child.pid()));
}

TEST_CASE("waits_for_processor: a process's name does not look like its state") {
  const support::DeadlineGuard deadline("waits_for_processor of processes with odd names");
  const Child sleeps(sleep_on, "a) R 1 (b) R 1");
  const Child computes(compute, "a) S 1 (b) S 1");
  CHECK(eventually([&] { return !waits_for_processor(sleeps.pid()); }));
  CHECK(eventually([&] { return waits_for_processor(computes.pid()); }));
}

TEST_CASE("waits_for_processor: this process does, as it asks, one that has ended does not, nor one that never was") {
  CHECK(waits_for_processor(::getpid()));
  Child child(compute);
  const pid_t pid = child.pid();
  CHECK(eventually([&] { return waits_for_processor(pid); }));
  ::kill(pid, SIGKILL);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(waits_for_processor(pid));  // a zombie
  child.end();
  CHECK_FALSE(waits_for_processor(pid));
  CHECK_FALSE(waits_for_processor(-1));
}
