// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a std::unique_ptr with a deleter of its own is a handle.
#include <concurrent/pickle.hpp>

#include <cstdio>
#include <memory>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::unique_ptr<std::FILE, int (*)(std::FILE*)>(nullptr, &std::fclose));
#else
  concurrent::pickle::dumps(std::unique_ptr<int>());
#endif
}
