// SPDX-License-Identifier: BSL-1.0
// I/O-bound work, one by one and with threads: the files of a folder, each read by a task.
//
// prints:
//   one by one: 20 files, 2000 bytes
//   with 6 threads: 20 files, 2000 bytes
#include <concurrent/futures.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace cf = concurrent::futures;
namespace fs = std::filesystem;

std::size_t size_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {}).size();
}

int main() {
  char name[] = "/tmp/read_files_XXXXXX";
  const fs::path folder = mkdtemp(name);
  std::vector<fs::path> paths;
  for (int i = 0; i < 20; ++i) {
    paths.push_back(folder / std::to_string(i));
    std::ofstream(paths.back()) << std::string(100, 'x');
  }

  std::size_t bytes = 0;
  for (const fs::path& path : paths) bytes += size_of(path);
  std::printf("one by one: %zu files, %zu bytes\n", paths.size(), bytes);

  bytes = 0;
  cf::ThreadPoolExecutor threads({.max_workers = 6, .thread_name_prefix = "reader"});
  for (std::size_t size : threads.map(size_of, paths)) bytes += size;
  std::printf("with 6 threads: %zu files, %zu bytes\n", paths.size(), bytes);
  fs::remove_all(folder);
}
