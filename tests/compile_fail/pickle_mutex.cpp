// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a mutex, thread, future, file stream or other handle of this process means nothing
#include <concurrent/pickle.hpp>

#include <map>
#include <memory>
#include <mutex>

int main() {
#ifdef CASE
  concurrent::pickle::dumps(std::map<int, std::unique_ptr<std::mutex>>());
#else
  concurrent::pickle::dumps(std::map<int, std::unique_ptr<int>>());
#endif
}
