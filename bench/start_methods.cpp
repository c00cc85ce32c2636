// SPDX-License-Identifier: BSL-1.0
// What each start method costs, with a small caller and with one that has a gibibyte in use: from making the executor
// to its first result and to its end; replacing a worker; replacements a second. Beside each figure Python's pool's.
#include <fmt/core.h>
#include <sys/mman.h>
#include <time.h>

#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

struct Plan {
  std::size_t mebibytes;
  int rounds;
  double pause;  // seconds before each replacement, in which the zygote may make a standby
};

/// Memory of the caller's that was written to, in pages of the usual size.
class Memory {
 public:
  explicit Memory(std::size_t mebibytes) : size_(mebibytes << 20U) {
    address_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address_ == MAP_FAILED) throw std::runtime_error("no memory for the benchmark");
    std::memset(address_, 1, size_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::munmap(address_, size_); }

 private:
  void* address_;
  std::size_t size_;
};

double milliseconds_since(std::chrono::steady_clock::time_point start) { return bench::seconds_since(start) * 1e3; }

void nothing() {}

void measure_starts(const std::string& method, int rounds, bench::Figures& figures) {
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    {
      cf::ProcessPoolExecutor pool({.max_workers = 2, .mp_context = mp::get_context(method)});
      pool.submit(nothing).result();
      figures[method + "_first"].add(milliseconds_since(start));
    }
    figures[method + "_end"].add(milliseconds_since(start));
  }
}

void measure_replacements(const std::string& method, const Plan& plan, bench::Figures& figures) {
  cf::ProcessPoolOptions options;
  options.max_workers = 1;
  options.mp_context = mp::get_context(method);
  options.max_tasks_per_child = 1;
  cf::ProcessPoolExecutor pool(options);
  pool.submit(nothing).result();
  for (int i = 0; i < plan.rounds; ++i) {
    const timespec pause{0, static_cast<long>(plan.pause * 1e9)};
    ::nanosleep(&pause, nullptr);
    const auto start = std::chrono::steady_clock::now();
    pool.submit(nothing).result();
    figures[method + "_replacement"].add(milliseconds_since(start));
  }
  const auto start = std::chrono::steady_clock::now();
  std::vector<cf::Future<void>> futures;
  for (int i = 0; i < plan.rounds; ++i) futures.push_back(pool.submit(nothing));
  for (auto& future : futures) future.result();
  figures[method + "_rate"].add(plan.rounds / bench::seconds_since(start));
}

std::string cell(const bench::Figures& figures, const std::string& name, const char* unit) {
  const auto found = figures.find(name);
  if (found == figures.end()) return "–";
  const auto& values = found->second.values;
  if (values.size() == 1) return fmt::format("{:.0f}{}", values.front(), unit);
  return fmt::format("{:.2f}{} ({:.2f} to {:.2f})", found->second.median(), unit, values.front(), values.back());
}

void print_table(const Plan& plan, const bench::Figures& ours, const bench::Figures& python) {
  fmt::print("Caller with {} MiB in use: median of {} (least to most)\n\n", plan.mebibytes, plan.rounds);
  fmt::print("| start method | what | here | Python |\n| --- | --- | --- | --- |\n");
  for (const std::string& method : mp::get_all_start_methods()) {
    const auto row = [&](const char* what, const char* figure, const char* unit) {
      fmt::print("| {} | {} | {} | {} |\n", method, what, cell(ours, method + figure, unit),
                 cell(python, method + figure, unit));
    };
    row("executor made to first result", "_first", " ms");
    row("executor made to its end", "_end", " ms");
    row("call that needs a new worker", "_replacement", " ms");
    row("workers replaced without a pause", "_rate", "/s");
  }
  fmt::print("\n");
}

void run(const Plan& plan) {
  const Memory memory(plan.mebibytes);
  bench::Figures ours;
  bench::Figures python;
  for (const std::string& method : mp::get_all_start_methods()) {
    measure_starts(method, plan.rounds, ours);
    measure_replacements(method, plan, ours);
  }
  bench::run_peer(fmt::format("python3 {}/python/start_methods.py {} {} {}", CONCURRENT_FUTURES_BENCH_DIR,
                              plan.mebibytes, plan.rounds, plan.pause),
                  python);
  print_table(plan, ours, python);
}

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  const bool quick = argc > 1 && std::string_view(argv[1]) == "--quick";
  run({10, quick ? 3 : 30, 0.01});
  run({1024, quick ? 2 : 10, 0.25});
}
