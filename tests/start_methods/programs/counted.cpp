// SPDX-License-Identifier: BSL-1.0
// counted METHOD: built for coverage. What its tasks do is counted, and what it did itself is counted once.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <cstdio>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

int in_task(int n) {
  return n + 1;  // counted: task
}

int in_caller(int n) {
  return n + 1;  // counted: caller
}

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc < 2) return 2;
  int sum = in_caller(0);
  {
    cf::ProcessPoolOptions options;
    options.max_workers = 2;
    options.max_tasks_per_child = 3;
    options.mp_context = mp::get_context(argv[1]);
    cf::ProcessPoolExecutor pool(options);
    for (int i = 0; i < 10; ++i) sum += pool.submit(in_task, i).result();
  }
  std::printf("%d\n", sum);
}
