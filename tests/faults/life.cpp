// SPDX-License-Identifier: BSL-1.0
// Rows 65 to 83: callbacks, threads of the caller, limits on restarts, what is inherited, clocks, sizes, nesting.
#include "faults/in_child.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <thread>

#include "support/run_program.hpp"

using namespace faults;

namespace {

/// How far the wall clock is off, for the whole of this program: see clock_gettime below.
std::atomic<long> wall_clock_off{0};

}  // namespace

// The library's and the standard library's calls end here. The kernel's own clock is left alone.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using Function = int (*)(clockid_t, timespec*);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = real(clock, time);
  if (clock == CLOCK_REALTIME && result == 0) time->tv_sec += wall_clock_off.load();
  return result;
}

namespace {

int die() { return ::raise(SIGKILL); }
/// So that its result waits to be taken.
int use_memory_and_stop(std::size_t bytes, pid_t caller, Counter worker) {
  const std::vector<char> memory(bytes, 'm');
  ::kill(caller, SIGSTOP);
  worker.add(static_cast<std::uint32_t>(::getpid()));
  return memory.back() == 'm' ? 1 : 0;
}

int nest(int depth, support::Word pids, Gate gate) {
  pids.at(static_cast<std::uint32_t>(2 * depth)).set(static_cast<std::uint32_t>(::getpid()));
  pids.at(static_cast<std::uint32_t>(2 * depth + 1)).set(static_cast<std::uint32_t>(::getppid()));
  if (depth == 3) {
    gate.wait();
    return 1;
  }
  cf::ProcessPoolExecutor inner(1);
  return 1 + inner.submit(nest, depth + 1, pids, gate).result();
}

}  // namespace

EACH_POLICY("fault 65: a callback that throws is logged, the others run, the pool goes on") {
  Trial trial(policy);
  const auto gate = Gate::make();
  auto future = trial.submit(hold, Counter::make(), gate, 1);
  std::atomic<int> ran = 0;
  future.add_done_callback([](cf::Future<int>) { throw std::runtime_error("from a callback"); });
  future.add_done_callback([](cf::Future<int>) { throw 42; });
  future.add_done_callback([&](cf::Future<int>) { ++ran; });
  gate.open();
  trial.value(future, 1);
  CHECK(trial.captured().comes_to_say("from a callback"));
  CHECK(eventually([&] { return ran == 1; }));
  trial.finish();
}

EACH_POLICY("fault 66: a callback that submits, waits, cancels, shuts down, destroys the pool: no deadlock") {
  for (const bool broken : {false, true}) {
    CAPTURE(broken);
    support::CapturedLog log;
    auto pool = std::make_unique<cf::ProcessPoolExecutor>(policy.options());
    const auto started = Counter::make();
    const auto gate = Gate::make();
    auto first = pool->submit(hold, started, gate, 1);
    auto other = pool->submit(hold, started, gate, 2);
    started.wait_until(2);
    auto waiting = pool->submit(keyed, std::uint64_t{1});
    std::atomic<int> steps = 0;
    std::mutex destroys;
    first.add_done_callback([&](cf::Future<int>) {
      waiting.cancel();
      ++steps;
      try {
        pool->submit(keyed, std::uint64_t{2}).result(20s);
        ++steps;
      } catch (const cf::BrokenProcessPool&) {
        if (broken) ++steps;
      }
      pool->shutdown();  // cannot wait for the thread it is in
      ++steps;
      const std::lock_guard guard(destroys);
      pool.reset();
      ++steps;
    });
    {
      const std::lock_guard guard(destroys);
      if (broken) {
        ::kill(pool->processes().front(), SIGKILL);
        if (!policy.breaks()) gate.open();
      } else {
        gate.open();
      }
    }
    CHECK(eventually([&] { return steps == 4; }, 20s));
    gate.open();
    CHECK(eventually([&] { return first.done() && other.done() && waiting.done(); }, 20s));
    {
      const std::lock_guard guard(destroys);
    }
    first = other = {};
    waiting = {};
    // Nobody has waited for its end: it comes by itself.
    CHECK(eventually(
        [] {
          return !support::has_children() &&
                 !contains(support::read_text("/proc/self/maps"), "memfd:concurrent_futures (deleted)");
        },
        10s));
  }
}

EACH_POLICY(
    "fault 67: submit from 64 threads while workers are killed and the pool is shut down: a future or a throw, never "
    "both") {
  for (int round = 0; round < 3; ++round) {
    support::CapturedLog log;
    cf::ProcessPoolExecutor pool(policy.options(3));
    pool.warm_up(3);
    std::atomic<std::size_t> submitted = 0;
    std::atomic<std::size_t> resolved = 0;
    std::atomic<std::size_t> called = 0;
    std::atomic<std::size_t> wrong = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 64; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < 20; ++i) {
          try {
            auto future = pool.submit(keyed, t * 100 + i);
            ++submitted;
            future.add_done_callback([&](cf::Future<std::uint64_t>) { ++called; });
            try {
              if (future.result(20s * busy()) != key_of(t * 100 + i)) ++wrong;
              ++resolved;
            } catch (const cf::TimeoutError&) {
            } catch (const std::runtime_error&) {
              ++resolved;
            }
          } catch (const cf::RuntimeError&) {
            return;
          }
        }
      });
    }
    std::thread killer([&] {
      for (int i = 0; i < 10; ++i) {
        for (const pid_t worker : pool.processes()) {
          ::kill(worker, SIGKILL);
          break;
        }
        std::this_thread::yield();
      }
    });
    std::thread ender([&] {
      eventually([&] { return submitted > 300 || pool.processes().empty(); }, 2s);
      pool.shutdown(true, round == 1);
    });
    for (auto& thread : threads) thread.join();
    killer.join();
    ender.join();
    CHECK(resolved == submitted);
    CHECK(called == submitted);
    CHECK(wrong == 0);
  }
}

EACH_POLICY("fault 68: shutdown from two threads, with cancelling, then kill: all return") {
  cf::ProcessPoolExecutor pool(policy.options());
  const auto started = Counter::make();
  auto endless = pool.submit(hold, started, Gate::make(), 1);
  auto waiting = pool.submit(hold, started, Gate::make(), 1);
  std::vector<cf::Future<std::uint64_t>> queued;
  for (std::uint64_t i = 0; i < 10; ++i) queued.push_back(pool.submit(keyed, i));
  started.wait_until(2);
  std::atomic<int> returned = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      pool.shutdown(true, i == 2);
      ++returned;
    });
  }
  CHECK(eventually([&] { return queued.back().cancelled(); }, 10s));
  CHECK(returned == 0);
  pool.kill_workers();
  for (auto& thread : threads) thread.join();
  CHECK_THROWS_AS(endless.result(10s), cf::BrokenProcessPool);
  CHECK_THROWS_AS(waiting.result(10s), cf::BrokenProcessPool);
}

EACH_POLICY(
    "fault 69: the executor is destroyed while futures, callbacks and a map's iterator live on: all are resolved") {
  std::atomic<int> called = 0;
  std::optional<cf::Future<std::uint64_t>> future;
  std::optional<cf::Future<int>> died;
  std::optional<cf::MapResult<int>> mapped;
  {
    support::CapturedLog log;
    cf::ProcessPoolExecutor pool(policy.options());
    future = pool.submit(keyed, std::uint64_t{6});
    future->add_done_callback([&](cf::Future<std::uint64_t>) { ++called; });
    mapped.emplace(pool.map(add_one, std::vector<int>{1, 2, 3}));
    mapped->begin();
    if (!policy.breaks()) died = pool.submit(die);
  }
  CHECK(future->done());
  CHECK(future->result() == key_of(6));
  CHECK(called == 1);
  CHECK(mapped->to_vector().size() >= 2);
  if (died) CHECK_THROWS_AS(died->result(), cf::WorkerDied);
}

EACH_POLICY(
    "fault 70: an initializer that throws: every pending future has its text within 100 ms, one that hangs can be "
    "killed") {
  {
    auto options = policy.options();
    options.initializer = cf::Initializer(
        +[](int n) {
          if (n == 3) throw std::domain_error("no such device");
        },
        3);
    Trial trial(policy, options);
    const auto start = support::Clock::now();
    std::vector<cf::Future<std::uint64_t>> futures;
    try {
      for (std::uint64_t i = 0; i < 5; ++i) futures.push_back(trial.submit(keyed, i));
    } catch (const cf::BrokenProcessPool&) {
    }
    for (const auto& future : futures) {
      const std::string text = message_of<cf::BrokenProcessPool>([&] { future.result(20s); });
      CHECK(contains(text, "std::domain_error: no such device"));
      CHECK(contains(text, "initializer"));
    }
    CHECK(support::Clock::now() - start < 100ms * busy() * 5);
    trial.expect_broken("no such device");
    trial.finish();
  }
  // It hangs: there is no limit on that, but killing ends it. (Crashes: row 4.)
  const auto started = Counter::make();
  auto options = policy.options();
  options.initializer = cf::Initializer(
      +[](Counter count) {
        count.add();
        for (;;) ::pause();
      },
      started);
  cf::ProcessPoolExecutor pool(options);
  auto future = pool.submit(add_one, 1);
  started.wait_until(1);
  CHECK_FALSE(pool.shutdown_for(20ms));
  pool.kill_workers();
  CHECK((future.cancelled() || future.exception(10s) != nullptr));
  CHECK(pool.shutdown_for(10s));
}

EACH_POLICY("fault 71: a task that kills each worker it gets, with retries: it stops at their number") {
  if (policy.breaks()) {
    Trial trial(policy);
    cf::TaskOptions options;
    options.retries = 4;
    trial.one(trial.submit(options, die), "SIGKILL");
    trial.finish();
    CHECK(trial.lost() == 1);
    return;
  }
  Trial trial(policy);
  const auto tries = Counter::make();
  cf::TaskOptions options;
  options.retries = 4;
  options.label = "poison";
  auto poison = trial.submit(
      options,
      [](Counter count) {
        count.add();
        ::raise(SIGKILL);
      },
      tries);
  trial.bystanders(20);
  trial.one(poison, "was killed by SIGKILL while it ran poison", SIGKILL);
  CHECK(tries.value() == 5);
  auto second = trial.submit(
      options,
      [](Counter count) {
        if (count.add() < 7) ::raise(SIGKILL);
        return 9;
      },
      tries);
  trial.value(second, 9);  // the third try
  trial.finish();
}

EACH_POLICY(
    "fault 72: all workers crash for ever: at the limit the pool is broken with the last reasons, at little cost") {
  auto options = policy.options();
  options.restart_limit = {8, 5s};
  Trial trial(policy, options);
  const At fault("worker.ready", Do::kill, every);
  std::vector<cf::Future<int>> futures;
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_SELF, &before);
  try {
    for (int i = 0; i < 50; ++i) futures.push_back(trial.submit(add_one, i));
  } catch (const cf::BrokenProcessPool&) {
  }
  std::string text;
  for (const auto& future : futures) text = message_of<cf::BrokenProcessPool>([&] { future.result(20s * busy()); });
  ::getrusage(RUSAGE_SELF, &after);
  CHECK(contains(text, "SIGKILL"));
  if (!policy.breaks()) {
    CHECK(trial.lost() >= 9);
    CHECK(trial.lost() <= 11);
    CHECK(contains(text, "restart_limit: more than 8 in 5"));
    CHECK(contains(text, "\n  ForkProcess-"));
  }
  const auto micros = [](const timeval& t) { return t.tv_sec * 1'000'000 + t.tv_usec; };
  CHECK(micros(after.ru_utime) - micros(before.ru_utime) < 1'000'000 * busy());
  trial.expect_broken("SIGKILL");
  trial.finish();
}

EACH_POLICY("fault 73: a call that comes as its worker leaves for idleness: it runs") {
  auto options = policy.options(1);
  options.idle_timeout = 2ms;
  Trial trial(policy, options);
  for (const char* point : {"worker.retire", "worker.retired", "worker.sleep"}) {
    for (int i = 0; i < 10; ++i) {
      CAPTURE(point, i);
      const At fault(point, Do::delay, 1, 4000);
      CHECK(trial.submit(add_one, i).result(20s) == i + 1);
      fault.sprung(10ms);
      CHECK(trial.submit(add_one, i + 1).result(20s) == i + 2);
    }
  }
  for (int i = 0; i < 100; ++i) {
    const timespec pause{0, 1'500'000 + (i % 10) * 100'000};  // about as long as the limit: that is what is tried
    ::nanosleep(&pause, nullptr);
    CHECK(trial.submit(add_one, i).result(20s) == i + 1);
  }
  trial.finish();
  CHECK(trial.lost() == 0);
}

namespace {

std::mutex users;

/// Threads of the caller that hold the locks a fork would copy: malloc's, stdio's, a user's.
class LockHolders {
 public:
  LockHolders() : nowhere_(std::fopen("/dev/null", "w")) {
    threads_.emplace_back([this] {
      while (!stop_) {
        std::vector<std::string> texts(50, std::string(100, 'm'));
        std::this_thread::yield();
      }
    });
    threads_.emplace_back([this] {
      while (!stop_) {
        std::fprintf(nowhere_, "%d\n", 1);
        const std::lock_guard guard(users);
      }
    });
  }
  LockHolders(const LockHolders&) = delete;
  LockHolders& operator=(const LockHolders&) = delete;
  ~LockHolders() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
    std::fclose(nowhere_);
  }

 private:
  std::atomic<bool> stop_ = false;
  std::FILE* nowhere_;
  std::vector<std::thread> threads_;
};

void one_task_a_worker(const Policy& policy, std::size_t tasks) {
  auto options = policy.options(4);
  options.max_tasks_per_child = 1;
  {
    // The executor first: its workers are copies of that moment, whoever holds what when they are started.
    Trial trial(policy, options);
    const LockHolders holders;
    std::vector<cf::Future<std::uint64_t>> futures;
    for (std::uint64_t i = 0; i < tasks; ++i) {
      futures.push_back(trial.pool().submit(
          [](std::uint64_t id) {
            const std::lock_guard guard(users);
            std::string text(1000, 'w');
            return key_of(id) + (text.size() - 1000);
          },
          i));
    }
    std::size_t wrong = 0;
    for (std::uint64_t i = 0; i < tasks; ++i) {
      if (futures[i].result(60s * busy()) != key_of(i)) ++wrong;
    }
    CHECK(wrong == 0);
    trial.finish();
    CHECK(trial.lost() == 0);
    CHECK(trial.pool().statistics().workers_started >= tasks);
  }
}

}  // namespace

EACH_POLICY(
    "fault 74: a worker for each task, while the caller's threads hold malloc, stdio and a mutex: no deadlock") {
  one_task_a_worker(policy, support::rounds(500));
}

EACH_POLICY("fault 74: a worker for each of 10 000 tasks", "[long]") { one_task_a_worker(policy, 10'000); }

namespace {

struct TellsItsEnd {
  explicit TellsItsEnd(Counter counter) : ended(counter) {}
  TellsItsEnd(const TellsItsEnd&) = delete;
  TellsItsEnd& operator=(const TellsItsEnd&) = delete;
  ~TellsItsEnd() {
    if (ended.word.owner != 0) ended.add();
  }
  Counter ended;
};

}  // namespace

EACH_POLICY("fault 75: destructors of statics and thread_locals, and exit handlers, do not run when a worker leaves") {
  const auto ended = Counter::make();
  in_child([&] {
    static TellsItsEnd* at_exit = nullptr;
    at_exit = new TellsItsEnd(ended);
    std::atexit([] { at_exit->ended.add(); });
    {
      auto options = policy.options();
      options.max_tasks_per_child = 2;
      Trial trial(policy, options);
      const auto alive = Gate::make();
      std::thread thread([&] { alive.wait(); });  // an inherited std::thread: destroying it would end the process
      for (int i = 0; i < 6; ++i) {
        trial.value(trial.submit(
                        [](Counter count, int n) {
                          static TellsItsEnd in_worker(count);
                          thread_local TellsItsEnd in_thread(count);
                          return n + (&in_worker.ended != &in_thread.ended ? 0 : 1);
                        },
                        ended, i),
                    i);
      }
      trial.finish();
      CHECK(trial.lost() == 0);
      alive.open();
      thread.join();
    }
    CHECK(ended.value() == 0);
  });
  CHECK(ended.value() == 0);
}

EACH_POLICY("fault 76: what the caller has printed and not written yet when workers are forked appears once") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = support::fork_child([&] {
    ::dup2(ends[1], 1);
    std::setvbuf(stdout, nullptr, _IOFBF, 1 << 16);
    std::printf("before;");
    {
      cf::set_log_handler([](cf::LogLevel, std::string_view) {});
      cf::ProcessPoolExecutor pool(policy.options());
      std::printf("between;");
      pool.submit([] { std::printf("task;"); }).result(20s);
      if (!policy.breaks()) {
        try {
          pool.submit([] { std::exit(0); }).result(20s);
        } catch (const cf::WorkerDied&) {
        }
      }
    }
    std::printf("after;");
    std::fflush(stdout);
    return 0;
  });
  ::close(ends[1]);
  CHECK(WEXITSTATUS(support::wait_status(child)) == 0);
  std::string text(1000, ' ');
  std::size_t size = 0;
  for (ssize_t got = 0; (got = ::read(ends[0], text.data() + size, text.size() - size)) > 0;)
    size += static_cast<std::size_t>(got);
  ::close(ends[0]);
  text.resize(size);
  for (const char* word : {"before;", "between;", "task;", "after;"}) {
    const std::size_t first = text.find(word);
    CHECK(first != std::string::npos);
    CHECK(text.find(word, first + 1) == std::string::npos);
  }
}

EACH_POLICY("fault 77: the wall clock jumps an hour either way: time limits and waits do not notice") {
  for (const long jump : {3600L, -3600L}) {
    CAPTURE(jump);
    Trial trial(policy);
    const auto started = Counter::make();
    const auto gate = Gate::make();
    cf::TaskOptions limited;
    limited.timeout = 400ms;
    const auto submitted = support::Clock::now();
    auto late = trial.submit(limited, hold, started, gate, 1);
    limited.timeout = 60s;
    auto in_time = trial.submit(limited, hold, started, gate, 2);
    started.wait_until(2);
    wall_clock_off = jump;
    const auto start = support::Clock::now();
    CHECK_THROWS_AS(in_time.result(50ms), cf::TimeoutError);
    CHECK_THROWS_AS(late.result(20s), cf::TaskTimeoutError);
    CHECK(support::Clock::now() - submitted > 400ms);
    CHECK(support::Clock::now() - start < 2s * busy());
    gate.open();
    trial.value(in_time, 2);
    trial.finish();
    wall_clock_off = 0;
  }
  // The caller itself is held up: what finished meanwhile is a result, late as the look at it may be.
  in_child([&] {
    Trial trial(policy);
    cf::TaskOptions limited;
    limited.timeout = 10s;
    auto future = trial.submit(limited, keyed, std::uint64_t{2});
    const pid_t self = ::getpid();
    const pid_t helper = ::fork();
    if (helper == 0) {
      ::kill(self, SIGSTOP);
      const timespec pause{0, 200'000'000};
      ::nanosleep(&pause, nullptr);
      ::kill(self, SIGCONT);
      ::_exit(0);
    }
    trial.value(future, key_of(2));
    ::waitpid(helper, nullptr, 0);
    trial.finish();
  });
}

EACH_POLICY("fault 78: 200 workers and 10 000 queued calls") {
  Trial trial(policy, policy.options(200));
  trial.pool().warm_up(200);
  std::vector<pid_t> workers;
  REQUIRE(eventually([&] { return (workers = trial.pool().processes()).size() == 200; }));
  const std::string descriptors = "/proc/" + std::to_string(workers.back()) + "/fd";  // once it has come that far
  CHECK(eventually(
      [&] { return support::names_in(descriptors).size() <= support::names_in("/proc/self/fd").size() + 1; }, 10s));
  trial.bystanders(slowness == 1 ? 10'000 : 1000);
  trial.finish();
  CHECK(trial.lost() == 0);
}

EACH_POLICY("fault 78: 1000 workers", "[long]") {
  Trial trial(policy, policy.options(1000));
  trial.pool().warm_up(1000);
  CHECK(eventually([&] { return trial.pool().processes().size() == 1000; }));
  trial.bystanders(10'000);
  trial.finish();
}

EACH_POLICY("fault 78: near the limit on processes a pool works with fewer workers than it may have") {
  in_child([&] {
    const auto nobody = static_cast<uid_t>(1'000'000 + ::getpid());  // a user who runs nothing but this
    if (::setresuid(nobody, nobody, nobody) != 0) return skip("the user cannot be changed");
    ::prctl(PR_SET_DUMPABLE, 1);
    const long running = std::atol(support::status_field("self", "Threads").c_str());
    set_limit(RLIMIT_NPROC, static_cast<rlim_t>(running) + 5);  // the zygote, two threads, two workers
    Trial trial(policy, policy.options(8));
    const auto started = Counter::make();
    const auto gate = Gate::make();
    std::vector<cf::Future<int>> futures;
    for (int i = 0; i < 6; ++i) futures.push_back(trial.submit(hold, started, gate, i));
    CHECK(started.reaches(1, 20s));
    gate.open();
    for (int i = 0; i < 6; ++i) trial.value(futures[static_cast<std::size_t>(i)], i);
    trial.finish();
  });
}

EACH_POLICY("fault 79: a caller that has grown by a gigabyte since: workers are replaced as fast as before") {
  if (slowness != 1) return skip("a question of time");
  auto options = policy.options(1);
  options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
  Trial trial({cf::WorkerDeathPolicy::fail_task, "fail_task"}, options);
  CHECK(trial.submit(add_one, 1).result(20s) == 2);
  std::vector<char> large(std::size_t{1} << 30, 'g');
  auto best = std::chrono::nanoseconds(1h);
  for (int i = 0; i < 10; ++i) {
    ::kill(trial.submit(own_pid).result(20s), SIGKILL);
    const auto start = support::Clock::now();
    REQUIRE(eventually([&] { return trial.lost() == static_cast<std::size_t>(i) + 1; }));
    CHECK(trial.submit(add_one, i).result(20s) == i + 1);
    best = std::min<std::chrono::nanoseconds>(best, support::Clock::now() - start);
  }
  CHECK(best < 10ms);
  CHECK(large[large.size() / 2] == 'g');
  trial.finish();
}

EACH_POLICY("retirement: a worker that has used much memory leaves although nobody takes its result") {
  in_child([&] {
    auto options = policy.options(1);
    options.max_tasks_per_child = 1;
    Trial trial(policy, options);
    const auto worker = Counter::make();
    const pid_t self = ::getpid();
    const pid_t helper = support::fork_child([&] {  // this process is stopped meanwhile
      worker.wait_until(1);
      const bool left = eventually([&] { return !support::alive(static_cast<pid_t>(worker.value())); }, 20s);
      ::kill(self, SIGCONT);
      return left ? 0 : 1;
    });
    trial.value(trial.submit(use_memory_and_stop, std::size_t{80} << 20, self, worker), 1);
    CHECK(support::wait_status(helper) == 0);
    trial.finish();
  });
}

EACH_POLICY("fault 81: pools in tasks of pools, three deep: when an inner caller is killed, all below it leave") {
  Trial trial(policy, policy.options(1));
  const auto pids = support::Word::make_array(10);
  const auto gate = Gate::make();
  auto future = trial.submit(nest, 1, pids, gate);
  REQUIRE(eventually([&] { return pids.at(6).get().load() != 0; }, 20s));
  const auto pid = [&](std::uint32_t i) { return static_cast<pid_t>(pids.at(i).get().load()); };
  ::kill(pid(2), SIGKILL);  // the first worker: the caller of the second pool
  trial.one(future, "was killed by SIGKILL while it ran", SIGKILL);
  CHECK(eventually(
      [&] {
        for (const std::uint32_t i : {4U, 5U, 6U, 7U}) {
          if (support::alive(pid(i))) return false;
        }
        return true;
      },
      1s * busy()));
  trial.finish();
}

EACH_POLICY("fault 82: the caller is process 1 of its world, to which orphans come: the pool reaps its own only") {
  in_child([&] {
    if (::unshare(CLONE_NEWPID) != 0) return skip("no process tree of its own");
    const auto checks = Counter::make();
    const pid_t first = ::fork();
    if (first == 0) {
      support::failed_checks() = 0;
      const pid_t elder = ::fork();  // whoever waits for any child finds this one first
      if (elder == 0) ::_exit(44);
      {
        Trial trial(policy);
        CHECK(::getpid() == 1);
        trial.bystanders();
        // A task leaves an orphan with a status; it comes to process 1, which is the caller.
        auto orphan = trial.submit([] {
          const pid_t child = ::fork();
          if (child == 0) {
            if (::fork() == 0) ::_exit(33);
            ::_exit(0);
          }
          ::waitpid(child, nullptr, 0);
          return 1;
        });
        trial.value(orphan, 1);
        trial.one(trial.submit(die), "SIGKILL while it ran", SIGKILL);
        trial.finish();
        int status = 0;
        CHECK(::waitpid(elder, &status, 0) == elder);
        CHECK(WEXITSTATUS(status) == 44);
        CHECK(eventually([&] { return ::waitpid(-1, &status, WNOHANG) > 0; }, 10s));
        CHECK(WEXITSTATUS(status) == 33);
        checks.add();
      }
      std::fflush(nullptr);
      ::_exit(support::failed_checks() == 0 ? 0 : 1);
    }
    CHECK(support::wait_status(first, 50) == 0);
    CHECK(checks.value() == 1);
  });
}

EACH_POLICY("fault 83: a whole life of a pool under whatever sanitizer this is built with: no report") {
  // In a program of its own: its end is part of it.
  const auto whole = Counter::make();
  const pid_t child = support::fork_child([&] {
    {
      cf::set_log_handler([](cf::LogLevel, std::string_view) {});
      cf::ProcessPoolExecutor pool(policy.options());
      for (std::uint64_t i = 0; i < 200; ++i) {
        if (pool.submit(keyed, i).result(20s) != key_of(i)) return 2;
      }
      if (pool.submit(letters_of_size, std::size_t{3'000'000}).result(20s).size() != 3'000'000) return 3;
      std::vector<int> doubled = pool.map(add_one, std::vector<int>{1, 2, 3}).to_vector();
      if (doubled != std::vector<int>{2, 3, 4}) return 4;
      try {
        pool.submit(die).result(20s);
      } catch (const cf::BrokenProcessPool&) {
      }
    }
    whole.add();
    std::exit(0);  // with all its destructors and the leak checker's look
  });
  const int status = support::wait_status(child, 60);
  CHECK(status == 0);
  CHECK(whole.value() == 1);
}
