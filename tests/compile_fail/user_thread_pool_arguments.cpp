// SPDX-License-Identifier: BSL-1.0
// expect: concurrent::futures: submit: the function cannot be called with copies of these arguments. Check
// An argument forgotten with a thread pool, the futures kept.
#include <concurrent/futures.hpp>
#include <vector>

namespace cf = concurrent::futures;

int add(int a, int b) { return a + b; }

int main() {
  cf::ThreadPoolExecutor threads(2);
  std::vector<cf::Future<int>> futures;
#ifdef CASE
  futures.push_back(threads.submit(add, 1));
#else
  futures.push_back(threads.submit(add, 1, 2));
#endif
  return futures[0].result();
}
