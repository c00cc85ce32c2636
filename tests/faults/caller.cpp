// SPDX-License-Identifier: BSL-1.0
// Rows 33 and 52 to 64: what happens to the caller, and what its surroundings do to it.
#include "faults/in_child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <cstdlib>
#include <thread>

using namespace faults;

namespace {

/// Pids that a child of the test tells it.
struct Told {
  support::Word words = support::Word::make_array(8);
  void tell(std::uint32_t i, pid_t pid) const { words.at(i).set(static_cast<std::uint32_t>(pid)); }
  pid_t pid(std::uint32_t i) const { return static_cast<pid_t>(words.at(i).get().load()); }
  /// All of them are gone within a second.
  bool all_gone(std::chrono::nanoseconds limit = 1s * busy()) const {
    return eventually(
        [&] {
          for (std::uint32_t i = 0; i < 8; ++i) {
            if (pid(i) != 0 && support::alive(pid(i))) return false;
          }
          return true;
        },
        limit);
  }
};

std::uint64_t spin(Counter started, bool deaf) {
  if (deaf) {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
  }
  started.add();
  for (volatile std::uint64_t n = 0;;) n = n + 1;
}

/// What a copy of the caller does that holds open what it has inherited: nothing, until it is killed.
[[noreturn]] void stay() {
  ::alarm(120);  // also where the test does not get so far
  for (;;) ::pause();
}

enum class Busy { idle, tasks, deaf_tasks, results, starting };

/// In a child of the test: a pool in that state, then `end`.
template <class End>
void caller_that_ends(const Policy& policy, Busy busy, const Told& told, End end) {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  auto* pool = new cf::ProcessPoolExecutor(policy.options(3));
  const Family first = pool->submit(family).result(20s);
  told.tell(0, first.zygote);
  const auto started = Counter::make();
  std::vector<cf::Future<std::uint64_t>> running;
  switch (busy) {
    case Busy::idle:
      pool->warm_up(3);
      break;
    case Busy::tasks:
    case Busy::deaf_tasks:
      for (int i = 0; i < 3; ++i) running.push_back(pool->submit(spin, started, busy == Busy::deaf_tasks));
      started.wait_until(3);
      break;
    case Busy::results:
      for (int i = 0; i < 3; ++i) pool->submit(letters_of_size, std::size_t{50'000'000});
      break;
    case Busy::starting:
      for (int i = 0; i < 3; ++i) pool->submit(keyed, std::uint64_t{1});
      break;
  }
  std::uint32_t i = 1;
  for (const pid_t worker : pool->processes()) told.tell(i++, worker);
  end(*pool);
}

}  // namespace

EACH_POLICY(
    "fault 52: the caller is killed, idle, in tasks, deaf ones too, in results, as workers start: no worker is left") {
  for (const Busy busy : {Busy::idle, Busy::tasks, Busy::deaf_tasks, Busy::results, Busy::starting}) {
    CAPTURE(static_cast<int>(busy));
    const Told told;
    const pid_t child = support::fork_child([&] {
      caller_that_ends(policy, busy, told, [](cf::ProcessPoolExecutor&) { ::raise(SIGKILL); });
      return 0;
    });
    const int status = support::wait_status(child, 60);
    CHECK(WIFSIGNALED(status));
    CHECK(told.pid(0) != 0);
    CHECK(told.all_gone());
  }
  // Its end of the channel is still open: a child of its has it, which no handler of the C library's has seen.
  const Told told;
  const auto other = Counter::make();
  const pid_t child = support::fork_child([&] {
    caller_that_ends(policy, Busy::tasks, told, [&](cf::ProcessPoolExecutor&) {
      const long copy = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
      if (copy == 0) stay();
      other.add(static_cast<std::uint32_t>(copy));
      ::raise(SIGKILL);
    });
    return 0;
  });
  support::wait_status(child, 60);
  const auto copy = static_cast<pid_t>(other.value());
  REQUIRE(copy > 0);
  CHECK(told.all_gone());
  CHECK(support::alive(copy));
  ::kill(copy, SIGKILL);
  CHECK(eventually([&] { return !support::alive(copy); }));
}

EACH_POLICY(
    "fault 53: the caller ends by exit, _exit, abort, an uncaught exception, with futures pending: no worker is left") {
  for (int way = 0; way < 4; ++way) {
    CAPTURE(way);
    const Told told;
    const auto done = Counter::make();
    const pid_t child = support::fork_child([&] {
      ::signal(SIGABRT, SIG_DFL);
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, 2);
      caller_that_ends(policy, Busy::idle, told, [&](cf::ProcessPoolExecutor& pool) {
        for (int i = 0; i < 20; ++i) pool.submit([](Counter count) { count.add(); }, done);
        if (way == 0) std::exit(0);
        if (way == 1) ::_exit(0);
        if (way == 2) std::abort();
        std::thread([] { throw std::runtime_error("nobody catches it"); }).join();
      });
      return 0;
    });
    const int status = support::wait_status(child, 60);
    CHECK(WIFEXITED(status) == (way < 2));
    CHECK(told.all_gone());
    if (way == 0) CHECK(done.value() == 20);  // exit completes them, as Python does
  }
}

EACH_POLICY("fault 54: the caller becomes another program, or its only copy is one it forked: no worker is left") {
  for (const bool with_child : {false, true}) {
    const Told told;
    const auto other = Counter::make();
    const pid_t child = support::fork_child([&] {
      caller_that_ends(policy, Busy::tasks, told, [&](cf::ProcessPoolExecutor&) {
        // A child that the caller forked on its own must not keep them alive.
        if (with_child) {
          const pid_t copy = ::fork();
          if (copy == 0) stay();
          other.add(static_cast<std::uint32_t>(copy));
        }
        ::alarm(120);  // outlives exec: the program goes also where the test is killed before it can end it
        char program[] = "/bin/sleep";
        char time[] = "1000";
        char* arguments[] = {program, time, nullptr};
        ::execv(program, arguments);
      });
      return 0;
    });
    CHECK(eventually([&] { return told.pid(1) != 0 && (!with_child || other.value() != 0); }, 20s));
    CHECK(told.all_gone());
    ::kill(child, SIGKILL);
    support::wait_status(child);
    if (!with_child) continue;
    const auto copy = static_cast<pid_t>(other.value());
    REQUIRE(copy > 0);
    CHECK(support::alive(copy));
    ::kill(copy, SIGKILL);
    CHECK(eventually([&] { return !support::alive(copy); }));
  }
}

EACH_POLICY(
    "fault 55: the caller goes on in a grandchild, as daemons do: the pool there says whose it is, the first works "
    "on") {
  Trial trial(policy);
  trial.bystanders();
  auto pending = trial.submit(keyed, std::uint64_t{4});
  const auto outcome = Counter::make();
  const pid_t child = support::fork_child([&] {
    if (::fork() != 0) return 0;
    ::setsid();
    std::uint32_t right = 0;
    try {
      trial.pool().submit(keyed, std::uint64_t{1});
    } catch (const cf::RuntimeError& error) {
      if (contains(error.what(), "this executor belongs to process " + std::to_string(::getppid())) ||
          contains(error.what(), "this executor belongs to process "))
        right += 1;
    }
    trial.pool().kill_workers();
    trial.pool().terminate_workers();
    trial.pool().shutdown();
    outcome.add(right + 10);
    return 0;
  });
  CHECK(WEXITSTATUS(support::wait_status(child)) == 0);
  CHECK(outcome.reaches(11, 10s));
  CHECK(outcome.value() == 11);
  trial.value(pending, key_of(4));
  trial.finish();
}

EACH_POLICY("fault 56: a fork of the caller has an inert executor: submit throws, its end touches nothing") {
  Trial trial(policy);
  CHECK(trial.submit(keyed, std::uint64_t{1}).result(20s) == key_of(1));
  auto pending = trial.submit(add_one, 1);
  auto pool = std::make_unique<cf::ProcessPoolExecutor>(policy.options(1));
  CHECK(pool->submit(add_one, 2).result(20s) == 3);
  in_child(
      [&] {
        const std::string text = message_of<cf::RuntimeError>([&] { trial.pool().submit(add_one, 1); });
        CHECK(contains(text, "this executor belongs to process " + std::to_string(::getppid())));
        CHECK(contains(text, "Make an executor here"));
        CHECK_FALSE(pending.cancel());
        cf::ProcessPoolExecutor own(policy.options());  // it may have one of its own
        CHECK(own.submit(add_one, 5).result(20s) == 6);
        pool.reset();
      },
      20);
  CHECK(pool->submit(add_one, 3).result(20s) == 4);
  trial.value(pending, 2);
  trial.finish();
}

EACH_POLICY("fault 57: the thread that made the pool ends while the process lives: its workers live on") {
  std::optional<Trial> trial;
  pid_t worker = 0;
  std::thread([&] {
    trial.emplace(policy);
    worker = trial->submit(own_pid).result(20s);
  }).join();
  for (int i = 0; i < 20; ++i) CHECK(trial->submit(add_one, i).result(20s) == i + 1);
  CHECK(trial->submit(own_pid).result(20s) == worker);
  trial->finish();
  CHECK(trial->lost() == 0);
}

EACH_POLICY("fault 58: a dead worker's pid belongs to a stranger: the pool never signals it") {
  // Pids given away: the next forks of this child get the pids that it says.
  in_child([&] {
    const int last_pid = ::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (last_pid < 0 || ::unshare(CLONE_NEWPID) != 0) return skip("no pids of its own choice");
    const pid_t first = ::fork();
    if (first == 0) {  // process 1 of its own world
      support::failed_checks() = 0;
      {
        cf::set_log_handler([](cf::LogLevel, std::string_view) {});
        auto options = policy.options(1);
        options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
        cf::ProcessPoolExecutor pool(options);
        const auto started = Counter::make();
        const auto gate = Gate::make();
        auto victim = pool.submit(hold, started, gate, 1);
        started.wait_until(1);
        const pid_t worker = pool.processes().at(0);
        ::kill(worker, SIGKILL);
        CHECK_THROWS_AS(victim.result(20s), cf::WorkerDied);
        const std::string before = std::to_string(worker - 1);
        if (::write(last_pid, before.data(), before.size()) != static_cast<ssize_t>(before.size())) ::_exit(77);
        const auto unharmed = Gate::make();
        const pid_t stranger = ::fork();
        if (stranger == 0) {
          unharmed.wait();
          ::_exit(5);
        }
        if (stranger != worker) {
          ::kill(stranger, SIGKILL);
          ::_exit(77);
        }
        victim.cancel();
        pool.kill_workers();
        pool.shutdown();
        unharmed.open();  // a signal on its way would come first
        int end = 0;
        CHECK(::waitpid(stranger, &end, 0) == stranger);
        CHECK(WIFEXITED(end));
      }
      ::_exit(support::failed_checks() == 0 ? 0 : 1);
    }
    const int status = support::wait_status(first, 50);
    ::close(last_pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return skip("the pid was not given again");
    CHECK(status == 0);
  });
}

EACH_POLICY("fault 59: the caller ignores SIGCHLD, or waits for any child: deaths are seen and told truly") {
  for (int way = 0; way < 3; ++way) {
    CAPTURE(way);
    in_child([&] {
      std::atomic<bool> stop = false;
      std::thread thief;
      if (way == 0) ::signal(SIGCHLD, SIG_IGN);
      if (way == 1) {
        struct sigaction action{};
        action.sa_handler = SIG_DFL;
        action.sa_flags = SA_NOCLDWAIT;
        ::sigaction(SIGCHLD, &action, nullptr);
      }
      if (way == 2) {
        thief = std::thread([&] {
          while (!stop) {
            ::waitpid(-1, nullptr, WNOHANG);
            std::this_thread::yield();
          }
        });
      }
      {
        Trial trial(policy);
        trial.bystanders();
        trial.one(trial.submit([]() -> int { ::_exit(42); }), "exited with status 42 while it ran", {}, 42);
        trial.finish();
      }
      {  // the zygote's own status is what somebody else may take
        Trial trial(policy);
        const Family first = trial.submit(family).result(20s);
        ::kill(first.zygote, SIGKILL);
        trial.expect_broken("helper process (pid ");
        std::string text;
        REQUIRE(eventually([&] {
          try {
            trial.submit(add_one, 1).result(20s);
            return false;
          } catch (const cf::BrokenProcessPool& error) {
            text = error.what();
            return true;
          }
        }));
        CHECK((contains(text, "was killed by SIGKILL") || contains(text, "left no status")));
        CHECK_FALSE(contains(text, "exited with status"));
        trial.finish();
      }
      stop = true;
      if (thief.joinable()) thief.join();
    });
  }
}

EACH_POLICY("fault 61: Ctrl-C to the whole group: workers ignore it, the caller decides") {
  in_child([&] {
    ::setpgid(0, 0);
    static std::atomic<int> seen;
    seen = 0;
    ::signal(SIGINT, [](int) { ++seen; });
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto running = trial.submit(hold, started, gate, 1);
    started.wait_until(1);
    for (int i = 0; i < 3; ++i) ::kill(0, SIGINT);
    CHECK(eventually([&] { return seen != 0; }));
    gate.open();
    trial.value(running, 1);
    trial.finish();
    CHECK(trial.lost() == 0);
    {  // the second time it gives up: within a second
      Trial second(policy);
      auto endless = second.submit(hold, started, Gate::make(), 1);
      started.wait_until(2);
      ::kill(0, SIGINT);
      const auto start = support::Clock::now();
      second.pool().kill_workers();
      CHECK_THROWS_AS(endless.result(10s), cf::BrokenProcessPool);
      CHECK(second.pool().shutdown_for(10s));
      CHECK(support::Clock::now() - start < 1s * busy());
    }
  });
}

EACH_POLICY(
    "fault 62: SIGTERM to a worker is a death that is named, where the program handles it, the program decides") {
  {
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto running = trial.submit(hold, started, gate, 1);
    started.wait_until(1);
    trial.bystanders();
    ::kill(trial.pool().processes().front(), SIGTERM);
    trial.one(running, "was killed by SIGTERM while it ran", SIGTERM);
    trial.finish();
  }
  in_child([&] {  // to the whole group, whose caller handles it: what runs is finished and delivered
    ::setpgid(0, 0);
    static std::atomic<int> seen;
    seen = 0;
    ::signal(SIGTERM, [](int) { ++seen; });
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto running = trial.submit(hold, started, gate, 1);
    started.wait_until(1);
    for (const pid_t worker : trial.pool().processes()) ::kill(worker, SIGTERM);
    ::kill(0, SIGTERM);
    CHECK(eventually([&] { return seen == 1; }));
    gate.open();
    trial.value(running, 1);
    trial.bystanders();
    trial.finish();
    CHECK(trial.lost() == 0);
  });
  in_child([&] {  // to the caller alone: its handler, then the destructor
    static std::atomic<int> seen;
    seen = 0;
    ::signal(SIGTERM, [](int) { ++seen; });
    Trial trial(policy);
    trial.bystanders();
    ::kill(::getpid(), SIGTERM);
    CHECK(seen == 1);
    trial.finish();
  });
}

EACH_POLICY("fault 63: SIGPIPE never reaches the caller, also when it talks to a zygote that is gone") {
  in_child([&] {
    ::signal(SIGPIPE, SIG_DFL);  // it would end this process
    Trial trial(policy);
    const Family first = trial.submit(family).result(20s);
    ::kill(first.zygote, SIGKILL);
    eventually([&] { return !support::alive(first.zygote); });
    trial.expect_broken("helper process");
    CHECK(eventually([&] {  // until it has noticed it sends into nothing
      try {
        trial.submit(add_one, 1);
        return false;
      } catch (const cf::BrokenProcessPool&) {
        return true;
      }
    }));
    trial.pool().kill_workers();
    trial.finish();
  });
}

EACH_POLICY("fault 64: a signal each millisecond interrupts every system call: nobody notices") {
  in_child([&] {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, nullptr);  // without SA_RESTART
    const itimerval storm{{0, 1000}, {0, 1000}};
    ::setitimer(ITIMER_REAL, &storm, nullptr);
    for (int round = 0; round < 3; ++round) {
      Trial trial(policy);
      trial.bystanders(50);
      CHECK(trial.submit(letters_of_size, std::size_t{2'000'000}).result(20s).size() == 2'000'000);
      auto slow = trial.submit([] {
        const auto end = support::Clock::now() + 30ms;
        while (support::Clock::now() < end) {
        }
        return 1;
      });
      CHECK(slow.result(20s) == 1);
      trial.one(trial.submit([] { return ::raise(SIGKILL); }), "SIGKILL while it ran", SIGKILL);
      trial.finish();
    }
    const itimerval none{};
    ::setitimer(ITIMER_REAL, &none, nullptr);
  });
}
