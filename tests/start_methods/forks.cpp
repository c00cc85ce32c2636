// SPDX-License-Identifier: BSL-1.0
// Callers that fork, daemonise and run many threads. Rows 55, 56, 57 and 74 of the faults.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "start_methods/programs.hpp"
#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;
using support::contains;

namespace {

int failing(int value) {
  if (value % 5 == 0) throw std::runtime_error("task " + std::to_string(value));
  const auto memory = std::make_unique<std::vector<int>>(static_cast<std::size_t>(1000 + value), value);
  return memory->back();
}

/// Threads of the caller that are at every moment likely to hold a lock of the C library's.
class Hammer {
 public:
  Hammer() {
    threads_.emplace_back([this] {
      while (!stop_.load()) std::free(std::malloc(static_cast<std::size_t>(1 + ::rand() % 300'000)));
    });
    threads_.emplace_back([this] {
      std::FILE* const null = std::fopen("/dev/null", "w");
      while (!stop_.load()) {
        std::fprintf(null, "%d", 1);
        std::fflush(nullptr);
      }
      std::fclose(null);
    });
    threads_.emplace_back([this] {
      while (!stop_.load()) {
        const std::lock_guard guard(mutex_);
        throw_and_catch();
      }
    });
  }
  Hammer(const Hammer&) = delete;
  Hammer& operator=(const Hammer&) = delete;
  ~Hammer() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  static void throw_and_catch() {
    try {
      throw std::runtime_error("of the caller");
    } catch (const std::exception&) {
    }
  }
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

void run_under_hammer(const support::ProcessKind& kind, int pools, int tasks) {
  const Hammer hammer;
  for (int round = 0; round < pools; ++round) {
    cf::ProcessPoolOptions options;
    options.max_workers = 2;
    options.max_tasks_per_child = 1;
    auto pool = kind.pool(options);
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(failing, i));
    int wrong = 0;
    for (int i = 0; i < tasks; ++i) {
      auto& future = futures[static_cast<std::size_t>(i)];
      if (i % 5 == 0) {
        wrong += support::text_of(future.exception(60s)) == "task " + std::to_string(i) ? 0 : 1;
      } else {
        wrong += future.result(60s) == i ? 0 : 1;
      }
    }
    CHECK(wrong == 0);
  }
}

}  // namespace

EACH_PROCESS_POOL("fault 74: many threads hold malloc, stdio and a mutex while pools and workers are started") {
  run_under_hammer(kind, kind.name == "spawn" ? 4 : 20, support::rounds(50));
}

EACH_PROCESS_POOL("fault 74: 10 000 tasks of one worker each, with the caller's threads at work", "[long]") {
  run_under_hammer(kind, 1, 10'000);
}

EACH_PROCESS_POOL("fault 74: the caller's threads open and close libraries while pools and workers are started") {
  if (support::sanitizes_threads && kind.name == "fork") {
    WARN("skipped: ThreadSanitizer's own lock of the loader does not survive a fork");
    return;
  }
  const std::string path = support::own_folder() + "/libraries/plugin.so";
  std::atomic<bool> stop{false};
  std::thread opener([&] {
    while (!stop.load()) {
      if (void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) ::dlclose(library);
    }
  });
  int wrong = 0;
  for (int round = 0; round < support::rounds(kind.name == "spawn" ? 5 : 50); ++round) {
    auto pool = kind.pool(1);
    wrong += support::text_of(pool.submit(failing, 5).exception(30s)) == "task 5" ? 0 : 1;
    wrong += pool.submit(failing, 1).result(30s) == 1 ? 0 : 1;
  }
  stop = true;
  opener.join();
  CHECK(wrong == 0);
}

EACH_PROCESS_POOL("fault 55, fault 56: in a fork of the caller the executor is inert and says whose it is") {
  auto pool = std::make_unique<cf::ProcessPoolExecutor>(kind.with_context({.max_workers = 1}));
  const auto gate = support::Gate::make();
  auto running = pool->submit(
      [](support::Gate wait) {
        wait.wait();
        return 1;
      },
      gate);
  const std::string owner = std::to_string(::getpid());
  const pid_t child = support::fork_child([&] {
    if (!contains(support::message_of<cf::RuntimeError>([&] { pool->submit([] { return 1; }); }), owner)) return 1;
    if (!contains(support::message_of<cf::RuntimeError>([&] { running.result(); }), owner)) return 2;
    pool->shutdown();  // none of these may touch the original
    pool->kill_workers();
    pool->terminate_workers();
    pool.reset();
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  gate.open();
  CHECK(running.result(30s) == 1);
  CHECK(pool->submit([] { return 2; }).result(30s) == 2);
}

EACH_PROCESS_POOL("fault 55: a daemon that the caller has become by two forks can make a pool of its own") {
  auto pool = kind.pool(1);
  CHECK(pool.submit([] { return 1; }).result() == 1);
  const pid_t child = support::fork_child([&] {
    return support::wait_status(support::fork_child([&] {
      try {
        pool.submit([] { return 1; });
        return 1;
      } catch (const cf::RuntimeError&) {
      }
      cf::ProcessPoolExecutor own(kind.with_context({.max_workers = 1}));
      return own.submit([] { return 3; }).result(20s) == 3 ? 0 : 2;
    }));
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(pool.submit([] { return 2; }).result(30s) == 2);
}

EACH_PROCESS_POOL("fault 56: a child that outlives the caller's pool holds none of it open") {
  const auto gate = support::Gate::make();
  pid_t child = 0;
  std::vector<pid_t> processes;
  {
    auto pool = kind.pool(1);
    CHECK(pool.submit([] { return 1; }).result() == 1);
    child = support::fork_child([&] {
      gate.wait();
      return 0;
    });
    processes = support::descendants(::getpid());
    std::erase(processes, child);
  }
  CHECK(support::count_alive(processes) == 0);
  gate.open();
  CHECK(support::wait_status(child) == 0);
}

EACH_PROCESS_POOL("fault 57: workers live on when the thread that made their pool ends") {
  std::unique_ptr<cf::ProcessPoolExecutor> pool;
  pid_t worker = 0;
  std::thread([&] {
    pool = std::make_unique<cf::ProcessPoolExecutor>(kind.with_context({.max_workers = 2}));
    worker = pool->submit([] { return ::getpid(); }).result();
  }).join();
  for (int i = 0; i < 20; ++i) {
    CHECK(pool->submit([] { return ::getpid(); }).result(30s) == worker);
    const timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
  }
}
