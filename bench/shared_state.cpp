// SPDX-License-Identifier: BSL-1.0
// Locks, queues, a manager's dict and large arrays between processes: beside a raw futex mutex and Python's
// multiprocessing, in one run, in turns.
//
//   shared_state [--repetitions N] [--quick] [--no-python]
#include <fmt/core.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing/lock.hpp>
#include <concurrent/multiprocessing/manager.hpp>
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_event.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;
using bench::Figures;
using Clock = std::chrono::steady_clock;

namespace {

/// The least that a mutex between processes can be: free, held, or held with somebody asleep.
struct RawMutex {
  std::atomic<std::uint32_t> word;

  void lock() {
    std::uint32_t seen = 0;
    if (word.compare_exchange_strong(seen, 1, std::memory_order_acquire)) return;
    if (seen != 2) seen = word.exchange(2, std::memory_order_acquire);
    while (seen != 0) {
      mp::detail::futex_wait(word, 2, (mp::detail::Deadline::max)(), true);
      seen = word.exchange(2, std::memory_order_acquire);
    }
  }
  void unlock() {
    if (word.exchange(0, std::memory_order_release) == 2) mp::detail::futex_wake(word, 1, true);
  }
};

/// Words that forked processes share.
struct Words {
  alignas(64) RawMutex mutex;
  alignas(64) std::atomic<std::uint32_t> ready;
  alignas(64) std::atomic<std::int64_t> counter;
  alignas(64) std::atomic<std::int64_t> start;
};
Words& words() {
  static auto& mapped =
      *static_cast<Words*>(::mmap(nullptr, sizeof(Words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return mapped;
}

std::int64_t now() { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); }

pid_t fork_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  body();
  ::_exit(0);
}
void reap(pid_t child) { ::waitpid(child, nullptr, 0); }

template <class Mutex>
double nanoseconds_alone(Mutex& mutex, int count) {
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) {
    mutex.lock();
    mutex.unlock();
  }
  return bench::seconds_since(start) / count * 1e9;
}

/// Sections a second of two processes together, each of which adds one to a word.
template <class Mutex>
double sections_per_second(Mutex& mutex, int count) {
  words().ready = 0;
  const auto work = [&] {
    words().ready.fetch_add(1);
    while (words().ready.load() != 2) mp::detail::pause_processor();
    for (int i = 0; i < count; ++i) {
      mutex.lock();
      words().counter.store(words().counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      mutex.unlock();
    }
  };
  const pid_t child = fork_child(work);
  while (words().ready.load() != 1) ::usleep(100);
  const auto start = Clock::now();
  work();
  reap(child);
  return 2.0 * count / bench::seconds_since(start);
}

double items_per_second(int count) {
  const mp::Queue<int> queue;
  const pid_t child = fork_child([&] {
    for (int i = 0; i <= count; ++i) queue.put(i);
  });
  queue.get();
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) queue.get();
  const double seconds = bench::seconds_since(start);
  reap(child);
  return count / seconds;
}

double nanoseconds_an_item_alone(int count) {
  const mp::Queue<int> queue;
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) {
    queue.put(i);
    queue.get();
  }
  return bench::seconds_since(start) / count * 1e9;
}

void measure_manager(Figures& figures, int count) {
  mp::Manager manager;
  const auto dict = manager.dict<std::string, int>({{"one", 1}});
  for (int i = 0; i < 100; ++i) dict.get("one");
  auto start = Clock::now();
  for (int i = 0; i < count; ++i) dict.get("one");
  figures["get"].add(bench::seconds_since(start) / count * 1e6);
  start = Clock::now();
  for (int i = 0; i < count; ++i) dict.set("one", i);
  figures["set"].add(bench::seconds_since(start) / count * 1e6);
}

/// The last element says when it was filled.
mp::Array<std::int64_t> fill(std::size_t size) {
  mp::Array<std::int64_t> array(size);
  std::fill(array.begin(), array.end(), 1);
  array[size - 1] = now();
  return array;
}

double microseconds_to_arrive(int rounds, mp::Spin spin) {
  cf::ProcessPoolExecutor pool({.max_workers = 1, .spin = spin});
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const mp::Array<std::int64_t> array = pool.submit(fill, (std::size_t{64} << 20) / 8).result();
    least = std::min(least, static_cast<double>(now() - array[array.size() - 1]) / 1e3);
  }
  return least;
}

/// The same without a library: a memory file is filled by a child, which wakes its parent; that takes the descriptor,
/// maps the file and reads the last word.
double microseconds_of_the_system(int rounds) {
  constexpr std::size_t bytes = std::size_t{64} << 20;
  auto& file = words().ready;
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    file = 0;
    const pid_t child = fork_child([&] {
      const int descriptor = ::memfd_create("bench", MFD_CLOEXEC);
      if (::ftruncate(descriptor, bytes) != 0) ::_exit(1);
      auto* const data =
          static_cast<std::int64_t*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
      std::fill_n(data, bytes / 8, 1);
      data[bytes / 8 - 1] = now();
      file = static_cast<std::uint32_t>(descriptor);
      mp::detail::futex_wake(file, 1, true);
      for (;;) ::pause();
    });
    while (file.load() == 0) mp::detail::futex_wait(file, 0, (mp::detail::Deadline::max)(), true);
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    const int copy = static_cast<int>(::syscall(SYS_pidfd_getfd, process, file.load(), 0));
    ::close(process);
    void* const mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
    const std::int64_t filled = static_cast<volatile std::int64_t*>(mapped)[bytes / 8 - 1];
    least = std::min(least, static_cast<double>(now() - filled) / 1e3);
    ::munmap(mapped, bytes);
    ::close(copy);
    ::kill(child, SIGKILL);
    reap(child);
  }
  return least;
}

/// How long after the death of its holder a lock is with one who waits, in milliseconds: of a hundred the second worst.
double milliseconds_to_inherit(int kills) {
  bench::Samples took;
  for (int i = 0; i < kills; ++i) {
    const mp::Lock lock;
    const mp::Event held;
    const pid_t holder = fork_child([&] {
      lock.lock();
      held.set();
      for (;;) ::pause();
    });
    held.wait();
    words().start = 0;
    const pid_t killer = fork_child([&] {
      ::usleep(3000);
      words().start = now();
      ::kill(holder, SIGKILL);
    });
    lock.lock();
    took.add(static_cast<double>(now() - words().start) / 1e6);
    lock.unlock();
    reap(killer);
    reap(holder);
  }
  return took.quantile(0.99);
}

void measure(Figures& figures, bool quick) {
  const int part = quick ? 20 : 1;
  mp::Lock lock;
  figures["lock"].add(nanoseconds_alone(lock, 2'000'000 / part));
  figures["raw_lock"].add(nanoseconds_alone(words().mutex, 2'000'000 / part));
  figures["contended"].add(sections_per_second(lock, 1'000'000 / part));
  figures["raw_contended"].add(sections_per_second(words().mutex, 1'000'000 / part));
  figures["items"].add(items_per_second(1'000'000 / part));
  figures["item_alone"].add(nanoseconds_an_item_alone(500'000 / part));
  measure_manager(figures, 20'000 / part);
  figures["result"].add(microseconds_to_arrive(quick ? 2 : 5, mp::Spin::adaptive()));
  figures["polled_result"].add(microseconds_to_arrive(quick ? 2 : 5, mp::Spin::at_most(std::chrono::seconds(1))));
  figures["raw_result"].add(microseconds_of_the_system(quick ? 2 : 5));
  figures["inherit"].add(milliseconds_to_inherit(100 / part));
}

struct Question {
  const char* name;
  const char* text;
  bool less_is_better;
  double scale;
  const char* mark;
};
constexpr Question questions[] = {
    {"lock", "lock and unlock, alone, ns", true, 1, "60"},
    {"raw_lock", "... of a raw futex mutex", true, 1, ""},
    {"contended", "sections of two, million/s", false, 1e-6, "the raw one's"},
    {"raw_contended", "... with a raw futex mutex", false, 1e-6, ""},
    {"items", "queue, million items/s", false, 1e-6, "2, 50 times"},
    {"item_alone", "put and get, alone, ns", true, 1, ""},
    {"get", "dict.get, us", true, 1, "1.5, 20 times"},
    {"set", "dict.set, us", true, 1, "1.5, 20 times"},
    {"result", "64 MiB made by a task, us", true, 1, "50"},
    {"polled_result", "... to a caller that polls", true, 1, "50"},
    {"raw_result", "... by hand, without a pool", true, 1, ""},
    {"inherit", "lock of a killed one, p99, ms", true, 1, "5"},
};

double best(const Figures& figures, const Question& question) {
  const auto found = figures.find(question.name);
  if (found == figures.end() || found->second.empty()) return 0;
  return question.less_is_better ? found->second.values.front() : found->second.values.back();
}
double median(const Figures& figures, const Question& question) {
  const auto found = figures.find(question.name);
  return found == figures.end() ? 0 : found->second.median();
}
std::string cell(double value) { return value == 0 ? "-" : fmt::format("{:.4g}", value); }

void print_table(const Figures& ours, const Figures& python) {
  fmt::print("| {:<30} | {:>10} | {:>10} | {:>10} | {:>12} | {:<13} |\n", "", "best", "median", "Python",
             "times better", "mark");
  fmt::print("| {:-<30} | {:->9}: | {:->9}: | {:->9}: | {:->11}: | {:-<13} |\n", "", "", "", "", "", "");
  for (const Question& question : questions) {
    const double here = best(ours, question);
    const double there = best(python, question);
    const double ratio = there == 0 ? 0 : question.less_is_better ? there / here : here / there;
    fmt::print("| {:<30} | {:>10} | {:>10} | {:>10} | {:>12} | {:<13} |\n", question.text, cell(here * question.scale),
               cell(median(ours, question) * question.scale), cell(there * question.scale), cell(ratio), question.mark);
  }
  const auto of = [&](std::size_t i) { return best(ours, questions[i]); };
  fmt::print("\nof the raw mutex: alone {:.2f} times as long, contended {:.2f} times as many sections\n", of(0) / of(1),
             of(2) / of(3));
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = bench::read_options(argc, argv, "shared_state");
  if (!options) return 2;
  auto [repetitions, quick, with_python] = *options;
  Figures ours;
  Figures python;
  const std::string peer =
      fmt::format("python3 '{}/python/shared_state.py' {}", CONCURRENT_FUTURES_BENCH_DIR, quick ? "--quick" : "");
  for (int i = 0; i < repetitions; ++i) {
    measure(ours, quick);
    if (with_python) with_python = bench::run_peer(peer, python);
  }
  if (!with_python && python.empty()) fmt::print("Python is not measured: python3 did not run or was not asked for.\n");
  fmt::print("the best of {} repetitions in turns, and the median\n\n", repetitions);
  print_table(ours, python);
  return 0;
}
