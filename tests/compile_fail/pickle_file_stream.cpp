// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle
// expect: pass a file's path instead of the open file
#include <concurrent/pickle.hpp>

#include <filesystem>
#include <fstream>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::ofstream());
#else
  concurrent::pickle::dumps(std::filesystem::path());
#endif
}
