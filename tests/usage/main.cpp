// SPDX-License-Identifier: BSL-1.0
// Runs the cells of the generated files under one start method, or in threads: `cells fork|forkserver|spawn|threads
// first`. Before each cell from number `first` on it prints "cell <number> <name>", after it "passed" or "failed
// <why>", so that whoever reads it knows in which cell it has died. The part of the library that is compiled once is
// here, too.
#include <concurrent/futures/implementation.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include "usage.hpp"

namespace usage {

std::vector<Cells>& all_cells() {
  static std::vector<Cells> cells;
  return cells;
}

namespace {
std::unique_ptr<cf::ProcessPoolExecutor> process_pool;
std::unique_ptr<cf::ThreadPoolExecutor> thread_pool;
}  // namespace

cf::ProcessPoolOptions process_options() {
  cf::ProcessPoolOptions options;
  options.max_workers = 1;
  options.on_worker_death = cf::WorkerDeathPolicy::fail_task;
  return options;
}
cf::ProcessPoolExecutor& processes() {
  if (process_pool == nullptr) {
    cf::ProcessPoolOptions options = process_options();
    options.max_workers = 2;
    process_pool = std::make_unique<cf::ProcessPoolExecutor>(std::move(options));
  }
  return *process_pool;
}
cf::ThreadPoolExecutor& threads() {
  if (thread_pool == nullptr) thread_pool = std::make_unique<cf::ThreadPoolExecutor>(2);
  return *thread_pool;
}

namespace {
void run(const Cells& cells, int which, int number, const char* name) {
  std::printf("cell %d %s\n", number, name);
  std::fflush(stdout);
  std::string failure;
  initialised() = false;
  try {
    cells.run(which);
  } catch (const std::exception& error) {
    failure = error.what();
    if (failure.empty()) failure = "an exception without a text";
  } catch (...) {
    failure = "something that is no std::exception";
  }
  for (char& c : failure) {
    if (c == '\n') c = ' ';
  }
  std::printf("%s %s\n", failure.empty() ? "passed" : "failed", failure.c_str());
  std::fflush(stdout);
}
}  // namespace

}  // namespace usage

int main(int argc, char** argv) {
  usage::mp::freeze_support(argc, argv);
  if (argc != 3) return 2;
  const std::string executor = argv[1];
  const int first = std::atoi(argv[2]);
  const bool threads = executor == "threads";
  if (!threads) usage::mp::set_start_method(executor);
  int number = 0;
  for (const usage::Cells& cells : usage::all_cells()) {
    if (cells.threads != threads) continue;
    std::string names = cells.names;
    for (int which = 0; !names.empty(); ++which) {
      const std::size_t end = names.find(';');
      if (number >= first) usage::run(cells, which, number, names.substr(0, end).c_str());
      names = end == std::string::npos ? "" : names.substr(end + 1);
      ++number;
    }
  }
  usage::process_pool.reset();
  usage::thread_pool.reset();
  std::puts("end");
}
