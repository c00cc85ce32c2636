// SPDX-License-Identifier: BSL-1.0
// An initializer runs once in each worker, before its first task. One that throws breaks the pool.
//
// prints:
//   each task saw what the initializer set: yes
//   the pool is broken: yes
//   the reason is told: yes
#include <concurrent/futures.hpp>
#include <cstdio>
#include <ranges>
#include <stdexcept>
#include <string>

namespace cf = concurrent::futures;

int offset = 0;
void set_offset(int value) { offset = value; }
void fail(const std::string& reason) { throw std::runtime_error(reason); }
int add_offset(int n) { return n + offset; }

int main() {
  bool all = true;
  {
    cf::ProcessPoolExecutor pool({.max_workers = 2, .initializer = cf::Initializer{set_offset, 100}});
    int expected = 100;
    for (int n : pool.map(add_offset, std::views::iota(0, 10))) all = all && n == expected++;
  }
  std::printf("each task saw what the initializer set: %s\n", all ? "yes" : "no");

  cf::set_log_handler([](cf::LogLevel, std::string_view) {});  // it would be logged, too
  cf::ProcessPoolExecutor broken({.max_workers = 2, .initializer = cf::Initializer{fail, "no licence"}});
  try {
    broken.submit(add_offset, 1).result();
  } catch (const cf::BrokenProcessPool& error) {
    std::printf("the pool is broken: yes\n");
    const bool told = std::string(error.what()).find("no licence") != std::string::npos;
    std::printf("the reason is told: %s\n", told ? "yes" : error.what());
  }
}
