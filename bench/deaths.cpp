// SPDX-License-Identifier: BSL-1.0
// How long until a death is noticed: a worker's by its future, a task's time limit, the caller's by its workers.
#include <concurrent/futures.hpp>

#include <fmt/core.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace cf = concurrent::futures;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

struct Times {
  std::vector<double> milliseconds;
  void add(Clock::duration time) { milliseconds.push_back(std::chrono::duration<double, std::milli>(time).count()); }
  void print(const char* what) {
    std::sort(milliseconds.begin(), milliseconds.end());
    const auto at = [&](double part) {
      return milliseconds[static_cast<std::size_t>(part * static_cast<double>(milliseconds.size() - 1))];
    };
    fmt::print("{:<44} {:>8.2f} {:>8.2f} {:>8.2f}\n", what, at(0.5), at(0.99), milliseconds.back());
    std::fflush(stdout);  // before the next fork, whose child would print it again
  }
};

struct Shared {
  std::atomic<int> started{0};
  std::atomic<int> workers[4]{};
};
Shared* shared = nullptr;

int wait_for_ever() {
  shared->started.fetch_add(1);
  for (;;) ::pause();
}
int compute_for_ever(int place) {
  shared->workers[place] = ::getpid();
  for (;;) shared->started.store(1, std::memory_order_relaxed);
}

cf::ProcessPoolOptions options() {
  cf::ProcessPoolOptions result;
  result.max_workers = 2;
  result.on_worker_death = cf::WorkerDeathPolicy::fail_task;
  result.restart_limit = {1'000'000, 1s};
  return result;
}

void worker_dies(int rounds) {
  cf::ProcessPoolExecutor pool(options());
  Times times;
  for (int i = 0; i < rounds; ++i) {
    shared->started = 0;
    auto future = pool.submit(wait_for_ever);
    while (shared->started == 0) ::usleep(100);
    const auto workers = pool.processes();
    const auto start = Clock::now();
    for (const pid_t worker : workers) ::kill(worker, SIGKILL);
    future.exception();
    times.add(Clock::now() - start);
  }
  times.print("worker's death to failed future");
}

void limit_passes(int rounds) {
  cf::ProcessPoolExecutor pool(options());
  Times times;
  constexpr auto limit = 20ms;
  cf::TaskOptions limited;
  limited.timeout = limit;
  for (int i = 0; i < rounds; ++i) {
    shared->started = 0;
    auto future = pool.submit(limited, wait_for_ever);
    while (shared->started == 0) ::usleep(50);
    const auto start = Clock::now();
    future.exception();
    times.add(Clock::now() - start - limit);
  }
  times.print("a time limit's lateness");
}

void caller_dies(int rounds, bool busy) {
  Times times;
  for (int i = 0; i < rounds; ++i) {
    for (auto& worker : shared->workers) worker = 0;
    const pid_t caller = ::fork();
    if (caller == 0) {
      auto* pool = new cf::ProcessPoolExecutor(options());
      if (busy) {
        pool->submit(compute_for_ever, 0);
        pool->submit(compute_for_ever, 1);
      } else {
        pool->warm_up(2);
        const auto workers = pool->processes();
        for (std::size_t k = 0; k < workers.size(); ++k) shared->workers[k] = workers[k];
      }
      for (;;) ::pause();
    }
    while (shared->workers[0] == 0 || shared->workers[1] == 0) ::usleep(100);
    ::usleep(2000);
    const auto start = Clock::now();
    ::kill(caller, SIGKILL);
    for (int k = 0; k < 2; ++k) {
      while (::kill(shared->workers[k], 0) == 0) {
      }
    }
    times.add(Clock::now() - start);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  times.print(busy ? "caller's death to no worker left, computing" : "caller's death to no worker left, idle");
}

}  // namespace

int main(int argc, char** argv) {
  cf::set_log_handler([](cf::LogLevel, std::string_view) {});
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  shared = ::new (memory) Shared;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans come here and are reaped
  ::signal(SIGCHLD, SIG_IGN);
  const int rounds = argc > 1 && std::strcmp(argv[1], "--quick") == 0 ? 20 : 200;
  fmt::print("{:<44} {:>8} {:>8} {:>8}\n", "milliseconds", "p50", "p99", "worst");
  worker_dies(rounds);
  limit_passes(rounds);
  caller_dies(rounds, false);
  caller_dies(rounds, true);
}
