// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::pickle: a raw pointer means nothing in another process. Use the value itself, std::vector for an
// expect: Job*
// A member function and `this`.
#include <concurrent/futures.hpp>

namespace cf = concurrent::futures;

struct Job {
  int number = 1;
  int run() const { return number; }
  int start(cf::ProcessPoolExecutor& pool) const {
#ifdef CASE
    return pool.submit(&Job::run, this).result();
#else
    return pool.submit(&Job::run, *this).result();
#endif
  }
};

int main() {
  cf::ProcessPoolExecutor pool(2);
#ifdef CASE
  int result = Job().start(pool);
#else
  int result = Job().start(pool);
#endif
  return result;
}
