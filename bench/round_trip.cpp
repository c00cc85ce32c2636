// SPDX-License-Identifier: BSL-1.0
// submit(…).result(), one after the other: how long does one take there and back? At once after the one before, and
// after a millisecond of silence, beside the least that a sleeping process can do: a raw futex. Row S3.
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <string>
#include <thread>

#include "harness.hpp"
#include "pools/all.hpp"

namespace {

using namespace std::chrono_literals;

/// Times `round` so many times, each after so much silence, and reports percentiles in microseconds.
template <class Round>
void measure(benchmark::State& state, std::size_t count, std::chrono::nanoseconds silence, Round round) {
  for (std::size_t i = 0; i < count / 10; ++i) round();
  bench::Samples microseconds;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      if (silence > 0ns) std::this_thread::sleep_for(silence);
      const auto start = std::chrono::steady_clock::now();
      round();
      microseconds.values.push_back(bench::seconds_since(start) * 1e6);
    }
  }
  microseconds.sort();
  state.SetIterationTime(microseconds.median() * 1e-6);
  state.counters["p50_us"] = microseconds.median();
  state.counters["p99_us"] = microseconds.quantile(0.99);
  state.counters["p999_us"] = microseconds.quantile(0.999);
}

/// The processors that this program may use.
class Processors {
 public:
  Processors() noexcept {
    CPU_ZERO(&all_);
    sched_getaffinity(0, sizeof all_, &all_);
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (!CPU_ISSET(i, &all_)) continue;
      if (first_ < 0) first_ = i;
      last_ = i;
    }
  }
  bool are_several() const noexcept { return first_ != last_; }
  int first() const noexcept { return first_; }
  int last() const noexcept { return last_; }
  /// The calling thread may use that one alone; -1: all.
  void pin_to(int processor) const noexcept {
    cpu_set_t set = all_;
    if (processor >= 0) {
      CPU_ZERO(&set);
      CPU_SET(processor, &set);
    }
    sched_setaffinity(0, sizeof set, &set);
  }

 private:
  cpu_set_t all_;
  int first_ = -1;
  int last_ = -1;
};

/// This thread on the first of them, for as long as it lives: whoever answers is on the last.
class Pinned {
 public:
  explicit Pinned(const Processors& processors) noexcept : processors_(&processors) {
    processors.pin_to(processors.first());
  }
  ~Pinned() { processors_->pin_to(-1); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  const Processors* processors_;
};

/// A process that answers: it sleeps on a futex in shared memory, and wakes the caller on another.
class RawFutex {
 public:
  RawFutex() : RawFutex([] {}) {}
  /// `prepare`: what it does first.
  template <class Prepare>
  explicit RawFutex(Prepare prepare)
      : words_(static_cast<Words*>(
            mmap(nullptr, sizeof(Words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    child_ = fork();
    if (child_ == 0) {
      prepare();
      for (std::uint32_t turn = 1;; ++turn) {
        wait(words_->there, turn);
        wake(words_->back, turn);
      }
    }
  }
  ~RawFutex() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    munmap(words_, sizeof(Words));
  }
  RawFutex(const RawFutex&) = delete;
  RawFutex& operator=(const RawFutex&) = delete;

  void round() {
    wake(words_->there, ++turn_);
    wait(words_->back, turn_);
  }

 private:
  struct Words {
    alignas(64) std::atomic<std::uint32_t> there;
    alignas(64) std::atomic<std::uint32_t> back;
  };
  static void wait(std::atomic<std::uint32_t>& word, std::uint32_t turn) {
    while (word.load() != turn) syscall(SYS_futex, &word, FUTEX_WAIT, turn - 1, nullptr, nullptr, 0);
  }
  static void wake(std::atomic<std::uint32_t>& word, std::uint32_t turn) {
    word.store(turn);
    syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }

  Words* words_;
  pid_t child_;
  std::uint32_t turn_ = 0;
};

void add_round_trip(const std::string& name, void (*function)(benchmark::State&)) {
  bench::add("round_trip/" + name, function);
}

constexpr std::size_t hot_count = 20'000;
constexpr std::size_t silent_count = 300;

}  // namespace

int main(int argc, char** argv) {
  bench::for_each_pool([]<class Pool>(bench::Named<Pool> pool) {
    add_round_trip(pool.name, [](benchmark::State& state) {
      Pool workers(2);
      // A thread a task is slow enough to be measured with fewer.
      measure(state, std::is_same_v<Pool, bench::StdAsync> ? hot_count / 20 : hot_count, 0ns, [&] {
        auto future = workers.submit([] {});
        Pool::take(future);
      });
    });
  });
  add_round_trip("raw_futex", [](benchmark::State& state) {
    RawFutex futex;
    measure(state, hot_count, 0ns, [&] { futex.round(); });
  });
  add_round_trip("after_silence/processes", [](benchmark::State& state) {
    bench::Processes workers(2);
    measure(state, silent_count, 1ms, [&] { workers.submit([] {}).result(); });
  });
  add_round_trip("after_silence/raw_futex", [](benchmark::State& state) {
    RawFutex futex;
    measure(state, silent_count, 1ms, [&] { futex.round(); });
  });
  // Left alone, the two processes of the raw futex share one processor, and the pool's use two: here both use two.
  static const Processors processors;
  if (processors.are_several()) {
    add_round_trip("after_silence/two_processors/processes", [](benchmark::State& state) {
      concurrent::futures::ProcessPoolOptions options;
      options.max_workers = 2;
      options.initializer = concurrent::futures::Initializer([to = processors] { to.pin_to(to.last()); });
      concurrent::futures::ProcessPoolExecutor workers(options);
      workers.submit([] {}).result();
      const Pinned pinned(processors);
      measure(state, silent_count, 1ms, [&] { workers.submit([] {}).result(); });
    });
    add_round_trip("after_silence/two_processors/raw_futex", [](benchmark::State& state) {
      RawFutex futex([] { processors.pin_to(processors.last()); });
      const Pinned pinned(processors);
      measure(state, silent_count, 1ms, [&] { futex.round(); });
    });
  }
  return bench::run(argc, argv);
}
