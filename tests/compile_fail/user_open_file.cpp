// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing in
// expect: FILE
// An open file as an argument.
#include <concurrent/futures.hpp>
#include <cstdio>
#include <string>

namespace cf = concurrent::futures;

int count_lines(std::FILE* file) { return file == nullptr ? 0 : 1; }
int count_lines_of(const std::string& path) { return path.empty() ? 0 : 1; }

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  cf::Future<int> lines = pool.submit(count_lines, std::fopen("data.txt", "r"));
#else
  cf::Future<int> lines = pool.submit(count_lines_of, "data.txt");
#endif
  return lines.result();
}
