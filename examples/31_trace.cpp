// SPDX-License-Identifier: BSL-1.0
// A picture of what a pool did: open the file that this writes at https://ui.perfetto.dev or chrome://tracing. It has a
// track for each worker with its tasks on it, and for each task how long it waited.
//
// prints:
//   4 tasks in <file>
//   "square(int)" ran in ForkProcess-<number>
#include <concurrent/futures.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cf = concurrent::futures;

int square(int n) { return n * n; }

int main() {
  const std::string path = std::filesystem::temp_directory_path() / "example_31_trace.json";
  {
    cf::ProcessPoolExecutor pool(1);
    pool.trace(path);
    pool.map(square, std::vector{1, 2, 3, 4}).to_vector();
  }

  std::ifstream file(path);
  int tasks = 0;
  std::string worker;
  for (std::string line; std::getline(file, line);) {
    if (line.find("\"cat\":\"task\"") != std::string::npos) ++tasks;
    const std::size_t name = line.find("ForkProcess-");
    if (name != std::string::npos) worker = line.substr(name, line.find('"', name) - name);
  }
  std::printf("%d tasks in %s\n", tasks, path.c_str());
  std::printf("\"square(int)\" ran in %s\n", worker.substr(0, worker.find(' ')).c_str());
  std::filesystem::remove(path);
}
