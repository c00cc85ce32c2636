// SPDX-License-Identifier: BSL-1.0
// A pipeline over a file that need not fit into memory: at most 16 lines wait for a worker at a time, and `submit`
// waits for room. What a callback has to submit it tries to, and leaves to the reader otherwise.
//
// prints:
//   20000 lines, of which 1250 hold the word
//   never more than a few calls were on their way
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <fstream>
#include <string>

namespace cf = concurrent::futures;

bool holds_word(const std::string& line) { return line.find("needle") != std::string::npos; }

int main() {
  const std::string path = "/tmp/back_pressure_" + std::to_string(::getpid()) + ".txt";
  {
    std::ofstream file(path);
    for (int i = 0; i < 20'000; ++i) file << i << (i % 16 == 0 ? " needle\n" : " hay\n");
  }

  std::atomic<int> found{0};
  std::atomic<int> lines{0};
  std::size_t most = 0;
  {
    cf::ProcessPoolExecutor pool({.max_workers = 2, .max_pending = 16});
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      pool.submit(holds_word, line).add_done_callback([&](const cf::Future<bool>& future) {
        lines.fetch_add(1);
        if (future.result()) found.fetch_add(1);
      });
      most = std::max(most, pool.pending_work_items());
    }
  }  // waits for the rest
  std::remove(path.c_str());
  std::printf("%d lines, of which %d hold the word\n", lines.load(), found.load());
  // 16 that wait, 3 in the call queue, and what runs or has just run.
  std::printf("never more than %s calls were on their way\n", most < 200 ? "a few" : "too many");
}
