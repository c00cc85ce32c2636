// SPDX-License-Identifier: BSL-1.0
// Rows 17 to 30: what a task may do to the process that runs it.
#include "faults/in_child.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

using namespace faults;

namespace {

/// What the task says before it dies is nobody's business.
void be_quiet() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, 2);
  ::close(nowhere);
}

int raise_it(int number) {
  ::raise(number);
  return number;
}
int write_to_null() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
  return 0;
}
int overflow_stack(int n) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(n);
  return n == 0 ? 0 : overflow_stack(n + 1) + frame[0];
}
int call_abort() {
  be_quiet();
  std::abort();
}
int call_terminate() {
  be_quiet();
  std::terminate();
}
int throw_from_noexcept() {
  be_quiet();
  const auto fail = []() noexcept { std::stoi("no number"); };
  fail();
  return 0;
}
int fail_assertion() {
  be_quiet();
  __assert_fail("two == 3", "a task", 1, "fail_assertion");
}
int call_exit(int status) { std::exit(status); }
int call__exit(int status) { ::_exit(status); }
int call_quick_exit(int status) { std::quick_exit(status); }
int call_pthread_exit() {
  be_quiet();
  ::pthread_exit(nullptr);
}
int become_sleep(Counter pid) {
  pid.add(static_cast<std::uint32_t>(::getpid()));
  char program[] = "/bin/sleep";
  char time[] = "1000";
  char* arguments[] = {program, time, nullptr};
  char* environment[] = {nullptr};
  ::execve(program, arguments, environment);
  return -1;
}

void ends(const Policy& policy, int (*task)(), const std::string& reason, std::optional<int> signal,
          std::optional<int> status) {
  CAPTURE(reason);
  Trial trial(policy);
  trial.bystanders();
  const auto victim = trial.submit(task);
  trial.one(victim, reason + " while it ran ", signal, status);
  trial.finish();
  CHECK(trial.lost() == 1);
}

std::atomic<std::uint32_t>* handler_ran = nullptr;

}  // namespace

EACH_POLICY(
    "fault 17: SIGSEGV, SIGBUS, SIGFPE, SIGILL in a task: its future names it, and no handler of the caller's runs") {
  const auto ran = Counter::make();
  handler_ran = &ran.word.get();
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGUSR1}) {
    CAPTURE(number);
    struct sigaction action{};
    struct sigaction before{};
    action.sa_handler = [](int) { handler_ran->fetch_add(1); };
    ::sigaction(number, &action, &before);
    {
      Trial trial(policy);
      trial.bystanders();
      trial.one(trial.submit(raise_it, number), "was killed by SIG" + std::string(::sigabbrev_np(number)), number);
      trial.finish();
    }
    ::sigaction(number, &before, nullptr);
  }
  CHECK(ran.value() == 0);
  if (slowness == 1) ends(policy, write_to_null, "was killed by SIGSEGV", SIGSEGV, {});
}

EACH_POLICY("fault 18: a stack overflow in a task is SIGSEGV for its future") {
  if (slowness != 1) return skip("sanitizers have stacks of their own");
  Trial trial(policy);
  trial.bystanders();
  trial.one(trial.submit(overflow_stack, 1), "was killed by SIGSEGV while it ran", SIGSEGV);
  trial.finish();
}

EACH_POLICY("fault 19: abort, terminate, an exception out of noexcept, a failed assertion: SIGABRT for its future") {
  ends(policy, call_abort, "was killed by SIGABRT", SIGABRT, {});
  ends(policy, call_terminate, "was killed by SIGABRT", SIGABRT, {});
  ends(policy, throw_from_noexcept, "was killed by SIGABRT", SIGABRT, {});
  ends(policy, fail_assertion, "was killed by SIGABRT", SIGABRT, {});
}

EACH_POLICY(
    "fault 20: a task that exits, also with 0: its future names the status, nothing of the caller's runs or is "
    "printed") {
  static Counter ran;
  ran = Counter::make();
  static const bool registered = [] {
    std::atexit([] {
      if (ran.word.owner != 0 && ::getpid() != ran.word.owner) ran.add();
    });
    return true;
  }();
  REQUIRE(registered);
  const auto exits = [&](int (*task)(int), int status) {
    CAPTURE(status);
    Trial trial(policy);
    trial.bystanders();
    trial.one(trial.submit(task, status), "exited with status " + std::to_string(status) + " while it ran", {}, status);
    trial.finish();
  };
  for (const int status : {0, 7}) {
    exits(call_exit, status);
    exits(call__exit, status);
  }
  exits(call_quick_exit, 3);
  CHECK(ran.value() == 0);
  ran = {};
}

EACH_POLICY("fault 21: pthread_exit in a task ends its worker, and its future says so") {
  ends(policy, call_pthread_exit, "was killed by SIGABRT", SIGABRT, {});
}

EACH_POLICY("fault 22: an exec in a task: the stranger is killed, and the future says so") {
  Trial trial(policy);
  trial.bystanders();
  const auto pid = Counter::make();
  const auto start = support::Clock::now();
  auto victim = trial.submit(become_sleep, pid);
  trial.one(victim, "replaced itself by another program (exec)", SIGKILL);
  CHECK(support::Clock::now() - start < 1s * busy());
  CHECK(eventually([&] { return !support::alive(static_cast<pid_t>(pid.value())); }, 1s));
  trial.finish();
}

EACH_POLICY("fault 23: a task that forks, and both return: the worker answers once, the child leaves") {
  Trial trial(policy, policy.options(1));
  const auto child = Counter::make();
  auto future = trial.submit(
      [](Counter seen) {
        const pid_t forked = ::fork();
        if (forked != 0) seen.add(static_cast<std::uint32_t>(forked));
        return 41;
      },
      child);
  trial.value(future, 41);
  CHECK(eventually([&] { return !support::alive(static_cast<pid_t>(child.value())); }, 5s));
  auto thrown = trial.submit(
      [](Counter) -> int {
        ::fork();
        throw std::runtime_error("twice");
      },
      child);
  CHECK_THROWS_AS(thrown.result(20s), std::runtime_error);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 24: a child that a task leaves behind holds nothing up") {
  Trial trial(policy, policy.options(1));
  const auto child = Counter::make();
  const auto gate = Gate::make();
  auto future = trial.submit(
      [](Counter seen, Gate go) {
        const pid_t forked = ::fork();
        if (forked == 0) {
          go.opens_within(60s);
          ::_exit(0);
        }
        seen.add(static_cast<std::uint32_t>(forked));
        return 7;
      },
      child, gate);
  trial.value(future, 7);
  trial.finish();  // shuts down while the child lives
  const auto pid = static_cast<pid_t>(child.value());
  CHECK(support::alive(pid));
  gate.open();
  CHECK(eventually([&] { return !support::alive(pid); }, 10s));
}

EACH_POLICY("fault 25: a task closes all descriptors: its result is delivered, and its worker lives") {
  Trial trial(policy, policy.options(1));
  const Family before = trial.submit(family).result(20s);
  for (const unsigned first : {3U, 0U}) {
    auto future = trial.submit(
        [](unsigned from) {
          ::syscall(SYS_close_range, from, ~0U, 0);
          std::printf("into nothing\n");
          return from + 10;
        },
        first);
    trial.value(future, first + 10);
  }
  CHECK(trial.submit(letters_of_size, std::size_t{300'000}).result(20s).size() == 300'000);
  CHECK(trial.submit(family).result(20s).worker == before.worker);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY(
    "fault 26: a task puts garbage over all descriptors: a right result, or its future fails, never a wrong one") {
  Trial trial(policy, policy.options(1));
  auto future = trial.submit([] {
    const int garbage = ::open("/dev/urandom", O_RDWR | O_CLOEXEC);
    for (int fd = 3; fd < 64; ++fd) {
      if (fd != garbage) ::dup2(garbage, fd);
    }
    return 5;
  });
  trial.value(future, 5);
  for (int i = 0; i < 10; ++i) CHECK(trial.submit(add_one, i).result(20s) == i + 1);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY(
    "fault 27: a task that blocks and ignores all signals: a time limit and terminate_workers end it all the same") {
  const auto deaf = [](Counter started) {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    started.add();
    for (;;) ::pause();
    return 0;
  };
  const auto started = Counter::make();
  {
    Trial trial(policy);
    trial.bystanders();
    const auto start = support::Clock::now();
    auto future = trial.submit(cf::TaskOptions{.timeout = 60ms}, deaf, started);
    CHECK_THROWS_AS(future.result(20s), cf::TaskTimeoutError);
    const auto took = support::Clock::now() - start;
    CHECK(took >= 60ms);
    CHECK(took < 500ms * busy());
    trial.finish();
  }
  {  // The task ends between the decision to stop it and the signal: that hits nobody else's task.
    Trial trial(policy, policy.options(1));
    const auto gate = Gate::make();
    const auto running = Counter::make();
    const At fault("zygote.signal", Do::delay, 1, 200'000);
    auto late = trial.submit(cf::TaskOptions{.timeout = 50ms}, hold, running, gate, 1);
    auto next = trial.submit([] {
      const timespec pause{0, 400'000'000};
      ::nanosleep(&pause, nullptr);
      return 5;
    });
    REQUIRE(fault.sprung());
    gate.open();
    CHECK(next.result(20s) == 5);
    try {
      CHECK(late.result(20s) == 1);  // it was done before the signal came
    } catch (const cf::TaskTimeoutError&) {
    }
    trial.finish();
    CHECK(trial.lost() == 0);
  }
  cf::ProcessPoolExecutor pool(policy.options());
  auto future = pool.submit(deaf, started);
  started.wait_until(2);
  pool.terminate_workers();
  CHECK_THROWS_AS(future.result(20s), cf::BrokenProcessPool);
  CHECK(pool.shutdown_for(10s));
}

EACH_POLICY("fault 28: a worker is stopped in a task: the others go on, and killing the pool works") {
  const auto started = Counter::make();
  const auto gate = Gate::make();
  for (const bool kill : {true, false}) {
    Trial trial(policy);
    auto victim = trial.submit(hold, started, gate, 1);
    started.wait_until(kill ? 1 : 2);
    const pid_t stopped = trial.pool().processes().front();
    ::kill(stopped, SIGSTOP);
    trial.bystanders(10);
    for (int i = 0; i < 20; ++i) CHECK(trial.submit(add_one, i).result(20s) == i + 1);
    CHECK_FALSE(victim.done());
    if (kill) {
      CHECK_FALSE(trial.pool().shutdown_for(20ms));  // it waits, as it says
      trial.pool().kill_workers();
      CHECK_THROWS_AS(victim.result(10s), cf::BrokenProcessPool);
      CHECK(trial.pool().shutdown_for(10s));
    } else {
      gate.open();
      ::kill(stopped, SIGCONT);
      trial.value(victim, 1);
      trial.finish();
    }
  }
}

namespace {

/// Whether the pool's manager sleeps until somebody wakes it: in a futex call without a time limit.
bool manager_sleeps_for_good() {
  for (const std::string& thread : support::names_in("/proc/self/task")) {
    const std::string folder = "/proc/self/task/" + thread;
    if (!contains(support::read_text(folder + "/comm"), "pool-manager")) continue;
    unsigned long number = 0;
    unsigned long arguments[4] = {};
    const std::string call = support::read_text(folder + "/syscall");
    if (std::sscanf(call.c_str(), "%lu %lx %lx %lx %lx", &number, &arguments[0], &arguments[1], &arguments[2],
                    &arguments[3]) != 5)
      return false;
    return number == SYS_futex && arguments[3] == 0;
  }
  return false;
}

}  // namespace

EACH_POLICY("fault 30: the only worker is stopped while all sleep: the next call gets another worker") {
  Trial trial(policy);
  const Family one = trial.submit(family).result(20s);
  REQUIRE(eventually([] { return manager_sleeps_for_good(); }));
  REQUIRE(::kill(one.worker, SIGSTOP) == 0);
  CHECK(trial.submit(add_one, 1).result(20s) == 2);
  trial.bystanders();
  ::kill(one.worker, SIGCONT);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY(
    "fault 29: a worker is stopped in a task with a time limit: the future fails in time, the worker is replaced") {
  {
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto victim = trial.submit(cf::TaskOptions{.timeout = 150ms}, hold, started, gate, 1);
    started.wait_until(1);
    const auto start = support::Clock::now();
    ::kill(trial.pool().processes().front(), SIGSTOP);
    trial.bystanders();
    CHECK_THROWS_AS(victim.result(20s), cf::TaskTimeoutError);
    CHECK(support::Clock::now() - start < 300ms * busy());
    trial.finish();
  }
  // Stopped with a call that it has taken and not begun: no time has run, so somebody else runs it.
  for (const char* point : {"worker.call_taken", "worker.claimed"}) {
    CAPTURE(point);
    Trial trial(policy);
    const At fault(point, Do::stop);
    auto future = trial.submit(cf::TaskOptions{.timeout = 5s}, keyed, std::uint64_t{3});
    REQUIRE(fault.sprung());
    trial.value(future, key_of(3));
    trial.finish();
    CHECK(trial.lost() == 0);
  }
  // Stopped when all is written but not told: it is late as any other.
  Trial trial(policy);
  const At fault("worker.before_commit", Do::stop);
  auto future = trial.submit(cf::TaskOptions{.timeout = 100ms}, keyed, std::uint64_t{3});
  REQUIRE(fault.sprung());
  CHECK_THROWS_AS(future.result(20s), cf::TaskTimeoutError);
  trial.finish();
}

EACH_POLICY("fault 30: a worker is stopped anywhere in the transport: the others are not held up") {
  for (const char* point : {"worker.before_claim", "worker.polling", "worker.call_taken", "worker.claimed",
                            "worker.started", "worker.result_grows", "worker.result_written", "worker.before_commit",
                            "worker.committed", "worker.notified", "worker.sleep", "worker.woken"}) {
    CAPTURE(point);
    Trial trial(policy);
    const At fault(point, Do::stop);
    auto first = trial.submit(letters_of_size, std::size_t{5000});
    if (std::string(point) == "worker.woken") {
      first.result(20s);
      REQUIRE(eventually([&] {
        trial.submit(add_one, 1);
        return fault.sprung(20ms);
      }));
    }
    REQUIRE(fault.sprung());
    const auto start = support::Clock::now();
    trial.bystanders(20);
    for (int i = 0; i < 20; ++i) CHECK(trial.submit(add_one, i).result(20s) == i + 1);
    CHECK(support::Clock::now() - start < 1s * busy());
    ::kill(fault.victim(), SIGCONT);
    trial.value(first, letters_of_size(5000));
    trial.finish();
  }
}

EACH_POLICY("fault 30: the helper is stopped: the next call, a time limit and the end of the pool let it go on") {
  Trial trial(policy);
  const auto stop_helper = [] { return ::kill(::getppid(), SIGSTOP); };
  trial.value(trial.submit(stop_helper), 0);
  cf::TaskOptions limited;
  limited.timeout = 200ms;
  auto endless = trial.submit(limited, [] {
    for (;;) ::pause();
    return 1;
  });
  CHECK_THROWS_AS(endless.result(20s * busy()), cf::TaskTimeoutError);
  trial.value(trial.submit(add_one, 1), 2);
  trial.value(trial.submit(stop_helper), 0);
  trial.finish();
}

EACH_POLICY("fault 30: a worker is stopped between its calls: the pool ends all the same") {
  Trial trial(policy);
  const auto pid = trial.submit(own_pid);
  trial.value(pid, pid.result());
  ::kill(pid.result(), SIGSTOP);
  trial.finish();
}

EACH_POLICY("fault 30: a task has itself traced: it gets its signals, and its future the truth") {
  Trial trial(policy);
  const auto trace = [](int number) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return errno == EPERM ? 1 : -1;
    std::signal(SIGUSR1, [](int) {});
    ::raise(SIGUSR1);
    ::raise(number);
    return 1;
  };
  trial.value(trial.submit(trace, SIGCHLD), 1);
  if (policy.breaks()) return trial.finish();
  auto crash = trial.submit(trace, SIGSEGV);
  CHECK(support::contains(message_of<cf::WorkerDied>([&] { crash.result(20s * busy()); }), "killed by SIGSEGV"));
  trial.value(trial.submit(add_one, 1), 2);
  trial.finish();
}
