// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing in
// expect: ifstream
// A stream, moved into the call.
#include <concurrent/futures.hpp>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace cf = concurrent::futures;

int count_lines(std::ifstream file) { return file ? 0 : 1; }
int count_lines_of(const std::string& path) { return path.empty() ? 0 : 1; }

int main() {
  cf::ProcessPoolExecutor pool(2);
  std::ifstream file("data.txt");
  std::vector<cf::Future<int>> futures;
#ifdef CASE
  futures.push_back(pool.submit(count_lines, std::move(file)));
#else
  futures.push_back(pool.submit(count_lines_of, "data.txt"));
#endif
  return futures[0].result();
}
