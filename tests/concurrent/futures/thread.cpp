// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <chrono>
#include <concurrent/futures/as_completed.hpp>
#include <concurrent/futures/thread.hpp>
#include <concurrent/futures/wait.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/logs.hpp"
#include "support/processes.hpp"

namespace cf = concurrent::futures;
using namespace std::chrono_literals;
using support::LeakChecked;

namespace {

std::string thread_name() {
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  return name;
}

/// Points to a string, and gives copies of it.
struct Handle {
  std::string& text;
  std::string& operator*() const { return text; }
  std::string get() const { return text; }
};

/// Counts how many are inside; lets nobody out before that many have come.
class Barrier {
 public:
  explicit Barrier(int expected) : expected_(expected) {}
  void pass() {
    if (++inside_ == expected_) open_.set_result();
    open_.result(support::patience);
  }

 private:
  const int expected_;
  std::atomic<int> inside_{0};
  const cf::Future<void> open_;
};

}  // namespace

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor.submit: any callable, any argument") {
  cf::ThreadPoolExecutor pool(2);
  CHECK(pool.submit([](int a) { return a + 1; }, 1).result() == 2);
  auto owned =
      pool.submit([p = std::make_unique<int>(3)](std::unique_ptr<int> q) { return std::make_unique<int>(*p + *q); },
                  std::make_unique<int>(4));
  CHECK(*std::move(owned).result() == 7);
  int local = 0;
  pool.submit([&local] { local = 5; }).result();
  CHECK(local == 5);
  pool.submit([](int& x) { ++x; }, std::ref(local)).result();
  CHECK(local == 6);
  CHECK(pool.submit(&std::string::size, std::string("four")).result() == 4);
  std::pair<int, std::string> both{7, "text"};
  CHECK(pool.submit(&std::pair<int, std::string>::first, std::cref(both)).result() == 7);
  pool.submit(&std::string::pop_back, std::ref(both.second)).result();
  pool.submit(&std::string::pop_back, &both.second).result();
  CHECK(both.second == "te");
  pool.submit(&std::string::pop_back, Handle{both.second}).result();
  CHECK(both.second == "t");
  both.second += 'e';
  const std::vector<std::reference_wrapper<std::string>> texts(2, std::ref(both.second));
  CHECK(pool.map(&std::string::length, texts).to_vector() == std::vector<std::size_t>{2, 2});
  CHECK_THROWS_AS(pool.submit([] { throw 1; }).result(), int);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: bad options are refused with name and value") {
  CHECK(support::contains(support::message_of<std::invalid_argument>([] { cf::ThreadPoolExecutor pool(0); }),
                          "max_workers is 0; it must be greater than 0"));
  CHECK_THROWS_AS(cf::ThreadPoolExecutor(-1), std::invalid_argument);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: the default number of workers") {
  const cf::ThreadPoolExecutor pool;
  CHECK(pool.max_workers() == std::min(32, concurrent::multiprocessing::usable_cpu_count() + 4));
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: sequential calls use one thread") {
  cf::ThreadPoolExecutor pool(4);
  for (int i = 0; i < 2000; ++i) pool.submit([] {}).result();
  CHECK(pool.statistics().workers_started == 1);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor.submit: an element of a vector of bools is taken at once") {
  std::vector<bool> flags{true};
  cf::ThreadPoolExecutor pool(1);
  const cf::Future<void> gate;
  pool.submit([gate] { gate.result(); });
  const auto taken = pool.submit([](bool flag) { return flag; }, flags[0]);
  flags[0] = false;
  gate.set_result();
  CHECK(taken.result());
}

TEST_CASE_METHOD(LeakChecked,
                 "ThreadPoolExecutor: calls that wait for each other get as many threads as there may be") {
  cf::ThreadPoolExecutor pool(4);
  Barrier barrier(4);
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit([&] { barrier.pass(); }));
  for (auto& future : futures) future.result(support::patience);
  for (int i = 0; i < 100; ++i) pool.submit([] {});
  pool.shutdown();
  CHECK(pool.statistics().workers_started == 4);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: a callback may wait for another call of the same pool") {
  cf::ThreadPoolExecutor pool(2);
  const cf::Future<int> seen;
  const cf::Future<void> gate;
  auto first = pool.submit([gate] { gate.result(); });
  first.add_done_callback(
      [&](const auto&) { seen.set_result(pool.submit([] { return 3; }).result(support::patience)); });
  gate.set_result();
  CHECK(seen.result(support::patience) == 3);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: threads are named, and cut so that the number stays") {
  std::mutex mutex;
  std::set<std::string> names;
  const auto run = [&](std::string prefix) {
    names.clear();
    cf::ThreadPoolExecutor pool({.max_workers = 2, .thread_name_prefix = std::move(prefix)});
    Barrier barrier(2);
    const auto task = [&] {
      {
        const std::lock_guard lock(mutex);
        names.insert(thread_name());
      }
      barrier.pass();
    };
    auto first = pool.submit(task);
    pool.submit(task).result(support::patience);
    first.result(support::patience);
  };
  run("SpecialPool");
  CHECK(names == std::set<std::string>{"SpecialPool_0", "SpecialPool_1"});
  run("AVeryLongNameForAPool");
  CHECK(names == std::set<std::string>{"AVeryLongName_0", "AVeryLongName_1"});
  run("");
  CHECK(names.size() == 2);
  CHECK(names.begin()->starts_with("Thread"));
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: function and arguments are destroyed before the result is seen") {
  cf::ThreadPoolExecutor pool(1);
  auto token = std::make_shared<int>(0);
  for (int i = 0; i < 200; ++i) {
    pool.submit([token](const std::shared_ptr<int>&) {}, token).result();
    REQUIRE(token.use_count() == 1);
  }
  const cf::Future<void> gate;
  auto blocker = pool.submit([gate] { gate.result(); });
  auto cancelled = pool.submit([token] {});
  CHECK(token.use_count() == 2);
  CHECK(cancelled.cancel());
  CHECK(token.use_count() == 1);
  CHECK(pool.pending_work_items() == 1);
  gate.set_result();
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: an initializer runs once in each thread before its first task") {
  thread_local int initialized = 0;
  cf::ThreadPoolExecutor pool({.max_workers = 3, .initializer = {[](int by) { initialized += by; }, 5}});
  Barrier barrier(3);
  std::vector<cf::Future<int>> futures;
  for (int i = 0; i < 3; ++i) {
    futures.push_back(pool.submit([&] {
      barrier.pass();
      return initialized;
    }));
  }
  for (auto& future : futures) CHECK(future.result(support::patience) == 5);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: an initializer that throws breaks the pool") {
  support::CapturedLog log;
  const cf::Future<void> gate;
  cf::ThreadPoolExecutor pool({.max_workers = 1, .initializer = {[gate] {
                                                   gate.result();
                                                   throw std::runtime_error("no luck");
                                                 }}});
  auto first = pool.submit([] {});
  auto second = pool.submit([] {});
  auto cancelled = pool.submit([] {});
  CHECK(cancelled.cancel());
  gate.set_result();
  const auto text = support::text_of(first.exception(support::patience));
  CHECK(support::contains(text, "no luck"));
  CHECK_THROWS_AS(second.result(support::patience), cf::BrokenThreadPool);
  CHECK(first.exception() != second.exception());
  CHECK(cancelled.cancelled());
  CHECK_THROWS_AS(pool.submit([] {}), cf::BrokenThreadPool);
  CHECK(log.comes_to_say("no luck"));
  pool.shutdown();
  CHECK(pool.pending_work_items() == 0);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor.shutdown: requests add up, and no call is taken afterwards") {
  const cf::Future<void> gate;
  cf::ThreadPoolExecutor pool(1);
  auto running = pool.submit([gate] { gate.result(); });
  while (!running.running()) std::this_thread::yield();
  std::vector<cf::Future<void>> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(pool.submit([] {}));
  int called = 0;
  waiting[0].add_done_callback([&](const auto& future) { called += future.cancelled(); });
  pool.shutdown(false);
  CHECK_THROWS_AS(pool.submit([] {}), cf::RuntimeError);
  CHECK_FALSE(waiting[0].done());
  CHECK_FALSE(pool.shutdown_for(1ms));
  pool.shutdown(false, true);
  for (const auto& future : waiting) CHECK(future.cancelled());
  CHECK(called == 1);
  gate.set_result();
  pool.shutdown(true);
  CHECK(running.done());
  CHECK(pool.shutdown_for(0s));
  CHECK(pool.statistics().cancelled == 10);
  CHECK(pool.statistics().completed == 1);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: many threads submit, cancel and shut down at once") {
  for (int round = 0; round < 30; ++round) {
    cf::ThreadPoolExecutor pool(3);
    std::mutex mutex;
    std::vector<cf::Future<int>> futures;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        try {
          for (int i = 0; i < 200; ++i) {
            auto future = pool.submit([](int x) { return x; }, i);
            if (i % 3 == 0) future.cancel();
            const std::lock_guard lock(mutex);
            futures.push_back(std::move(future));
          }
        } catch (const cf::RuntimeError&) {
        }
      });
    }
    pool.shutdown(round % 2 == 0, round % 3 == 0);
    for (auto& thread : threads) thread.join();
    CHECK(cf::wait(futures, support::patience).not_done.empty());
    pool.shutdown();
    REQUIRE(pool.pending_work_items() == 0);
  }
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: may be destroyed by one of its own calls") {
  auto* const pool = new cf::ThreadPoolExecutor(2);
  const cf::Future<int> after;
  auto last = pool->submit([=] {
    pool->shutdown(true);  // would wait for itself
    delete pool;
    return 1;
  });
  CHECK(last.result(support::patience) == 1);
}

TEST_CASE_METHOD(LeakChecked, "ThreadPoolExecutor: a forked child can go on and exit, and makes pools of its own") {
  cf::ThreadPoolExecutor pool(2);
  const pid_t child = pool.submit([&] {
                            const pid_t forked = ::fork();
                            if (forked != 0) return forked;
                            int status = 3;
                            try {
                              pool.submit([] {});
                            } catch (const cf::RuntimeError&) {
                              if (support::sanitizes_threads) ::_exit(0);  // which allows no thread after a fork
                              cf::ThreadPoolExecutor own(1);
                              status = own.submit([] { return 0; }).result();
                            }
                            pool.shutdown();
                            ::_exit(status);
                          })
                          .result(support::patience);
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE_METHOD(LeakChecked,
                 "ThreadPoolExecutor: in a forked child nothing asks for a lock that another thread may have held") {
  cf::ThreadPoolExecutor pool(1);
  std::mutex gate;
  std::unique_lock closed(gate);
  auto running = pool.submit([&] { const std::lock_guard wait(gate); });
  auto pending = pool.submit([] {});
  const pid_t child = support::fork_child([&]() -> int {
    ::alarm(20);
    pool.warm_up(1);
    if (pool.pending_work_items() != 0) return 1;
    if (pool.statistics().submitted != 0) return 2;
    if (pending.cancel() || pending.terminate()) return 3;
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(pool.pending_work_items() == 2);
  closed.unlock();
  pending.result(support::patience);
}

TEST_CASE(
    "ThreadPoolExecutor: a callback may wait for another call that ends with its own, cancelled or in a broken pool") {
  const support::DeadlineGuard deadline("callbacks of calls that end together", 60s);
  for (const bool breaks : {false, true}) {
    CAPTURE(breaks);
    std::atomic<bool> go{false};
    std::atomic<int> seen{0};
    std::vector<cf::Future<int>> futures;
    {
      cf::ThreadPoolOptions options{.max_workers = 1};
      if (breaks) {
        options.initializer = {[&] {
          go.wait(false);
          throw std::runtime_error("no");
        }};
      }
      cf::ThreadPoolExecutor pool(std::move(options));
      auto running = pool.submit([&] { go.wait(false); });
      for (int i = 0; i < 2; ++i) futures.push_back(pool.submit([i] { return i; }));
      futures[0].add_done_callback([&](const cf::Future<int>&) {
        try {
          futures[1].result();
        } catch (const std::exception&) {
          ++seen;
        }
      });
      const auto release = [&] {
        go = true;
        go.notify_all();
      };
      if (breaks) release();
      pool.shutdown(false, !breaks);
      release();
    }
    CHECK(seen == 1);
  }
}
