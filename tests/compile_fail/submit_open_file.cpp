// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means
// expect: pass a file's path instead of the open file
// An open file; its path can travel.
#include <concurrent/futures.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

namespace cf = concurrent::futures;

void with_file(std::ifstream) {}
void with_path(const std::filesystem::path&) {}

int main() {
  cf::ProcessPoolExecutor pool(1);
#ifdef CASE
  pool.submit(with_file, std::ifstream("file"));
#else
  pool.submit(with_path, std::filesystem::path("file"));
#endif
}
