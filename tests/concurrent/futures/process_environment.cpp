// SPDX-License-Identifier: BSL-1.0
// ProcessPoolExecutor: the world that a task finds in its worker.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;
using support::contains;

namespace {

/// Sends standard output to a file while it lives.
class CapturedOutput {
 public:
  CapturedOutput() : file_(std::tmpfile()), before_(::dup(1)) {
    std::fflush(stdout);
    ::dup2(::fileno(file_), 1);
  }
  ~CapturedOutput() {
    restore();
    std::fclose(file_);
  }
  std::string text() {
    restore();
    std::string text;
    std::rewind(file_);
    for (int c = 0; (c = std::fgetc(file_)) != EOF;) text.push_back(static_cast<char>(c));
    return text;
  }

 private:
  void restore() {
    if (before_ < 0) return;
    std::fflush(stdout);
    std::cout.flush();
    ::dup2(before_, 1);
    ::close(before_);
    before_ = -1;
  }
  std::FILE* file_;
  int before_;
};

std::string dispositions() {
  std::string text;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action{};
    if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler == SIG_DFL) continue;
    text += std::to_string(number) + (action.sa_handler == SIG_IGN ? " ignored " : " handled ");
  }
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  for (int number = 1; number < NSIG; ++number) {
    if (sigismember(&mask, number) == 1) text += std::to_string(number) + " blocked ";
  }
  return text;
}

}  // namespace

EACH_PROCESS_POOL("worker: what a task prints with printf and cout is written when the task ends") {
  std::string text;
  {
    CapturedOutput output;
    auto pool = kind.pool(1);
    std::printf("before ");  // not flushed: must come once
    pool.submit([] { std::printf("printed "); }).result();
    pool.submit([] { std::cout << "streamed "; }).result();
    pool.submit([]() -> int {
          std::printf("thrown ");
          throw std::runtime_error("after output");
        })
        .exception();
    pool.kill_workers();  // nothing is left that the end of a worker would write
    pool.shutdown();
    text = output.text();
  }
  for (const char* part : {"before ", "printed ", "streamed ", "thrown "}) {
    const std::size_t first = text.find(part);
    CHECK(first != std::string::npos);
    CHECK(text.find(part, first + 1) == std::string::npos);
  }
}

EACH_PROCESS_POOL("worker: it keeps the caller's folder, environment and locale") {
  const auto folder = std::filesystem::current_path();
  std::filesystem::current_path("/usr");
  ::setenv("PROCESS_POOL_TEST", "kept", 1);
  {
    auto pool = kind.pool(1);
    CHECK(pool.submit([] { return std::filesystem::current_path().string(); }).result() == "/usr");
    CHECK(pool.submit([] { return std::string(std::getenv("PROCESS_POOL_TEST")); }).result() == "kept");
  }
  std::filesystem::current_path(folder);
  ::unsetenv("PROCESS_POOL_TEST");
}

EACH_PROCESS_POOL(
    "worker: it ignores SIGINT, what the caller ignores, and SIGHUP and SIGTERM where it handles or awaits them, "
    "nothing "
    "else") {
  // The caller's own handlers and mask must not be inherited.
  struct sigaction handled{};
  struct sigaction ignored{};
  struct sigaction handled_before{};
  struct sigaction ignored_before{};
  struct sigaction hangup_before{};
  handled.sa_handler = [](int) {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGUSR1, &handled, &handled_before);
  ::sigaction(SIGHUP, &handled, &hangup_before);
  ::sigaction(SIGTERM, &ignored, &ignored_before);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigaddset(&blocked, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  {
    auto pool = kind.pool(1);
    std::string expected;
    for (const int number : {SIGHUP, SIGINT, SIGTERM}) expected += std::to_string(number) + " ignored ";
    CHECK(pool.submit(dispositions).result() == expected);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::sigaction(SIGUSR1, &handled_before, nullptr);
  ::sigaction(SIGHUP, &hangup_before, nullptr);
  ::sigaction(SIGTERM, &ignored_before, nullptr);
  sigaddset(&blocked, SIGTERM);  // as for signalfd
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  {
    auto pool = kind.pool(1);
    CHECK(pool.submit(dispositions).result() ==
          std::to_string(SIGINT) + " ignored " + std::to_string(SIGTERM) + " ignored ");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

EACH_PROCESS_POOL("current_process: workers are named by start method and number, and know their parent") {
  auto pool = kind.pool(2);
  const auto before = pool.submit([] { return mp::current_process().name; }).result();
  const auto number = std::stoi(before.substr(before.rfind('-') + 1));
  cf::ProcessPoolExecutor other(kind.with_context({.max_workers = 1}));
  const auto name = other.submit([] { return mp::current_process().name; }).result();
  const std::string expected = kind.name == "fork"         ? "ForkProcess-"
                               : kind.name == "forkserver" ? "ForkServerProcess-"
                                                           : "SpawnProcess-";
  CHECK(name == expected + std::to_string(number + 1));  // counted in this process, as in Python
  CHECK(pool.submit([] { return mp::current_process().pid == ::getpid(); }).result());
  CHECK(pool.submit([] { return mp::parent_process()->pid; }).result() == ::getpid());
  CHECK(pool.submit([] { return mp::parent_process()->name; }).result() == "MainProcess");
  CHECK(mp::current_process().name == "MainProcess");
  CHECK_FALSE(mp::parent_process().has_value());
}

TEST_CASE_METHOD(support::LeakChecked, "fork: workers see memory as it was when the executor was made") {
  static int value = 1;
  value = 2;
  cf::ProcessPoolExecutor pool(1);
  value = 3;
  CHECK(pool.submit([] { return value; }).result() == 2);
}

EACH_PROCESS_POOL("worker: what a task changes in its process stays there, in none of the caller's") {
  auto pool = kind.pool(1);
  const auto before = ::umask(0);
  ::umask(before);
  pool.submit([] {
        ::umask(0777);
        ::setenv("CHANGED_BY_TASK", "1", 1);
        ::signal(SIGUSR1, SIG_IGN);
      })
      .result();
  const auto after = ::umask(before);
  CHECK(after == before);
  CHECK(std::getenv("CHANGED_BY_TASK") == nullptr);
  CHECK(pool.submit([] { return std::string(std::getenv("CHANGED_BY_TASK")); }).result() == "1");
}

EACH_PROCESS_POOL("caller: its own waitpid sees no worker, and its own children are not taken from it") {
  auto pool = kind.pool(2);
  CHECK(pool.submit([] { return 1; }).result() == 1);
  const pid_t child = support::fork_child([] { return 42; });
  for (int i = 0; i < 100; ++i) pool.submit([] { return 1; }).result();
  const int status = support::wait_status(child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}

EACH_PROCESS_POOL("submit: after a fork the child's copy of the executor refuses, and its destructor touches nothing") {
  auto pool = std::make_unique<cf::ProcessPoolExecutor>(kind.with_context({.max_workers = 1}));
  const pid_t worker = pool->submit([] { return ::getpid(); }).result();
  const pid_t child = support::fork_child([&] {
    try {
      pool->submit([] { return 1; });
      return 1;
    } catch (const cf::RuntimeError&) {
    }
    pool.reset();
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(pool->submit([] { return ::getpid(); }).result(10s) == worker);
}
