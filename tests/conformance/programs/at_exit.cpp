// SPDX-License-Identifier: BSL-1.0
// at_exit KIND CASE: a program that ends while its executor still has work; rows S2, S3, S6 and S14 look at how.
#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace {

/// Long enough that the main function has ended when it prints; nothing waits for that.
void print_later(std::string text) {
  const timespec pause{0, 200'000'000};
  ::nanosleep(&pause, nullptr);
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

template <class Pool>
Pool* shut_down_pool = nullptr;

template <class Pool>
int run(std::string_view which, Pool& pool) {
  if (which == "ends") {  // S2
    pool.submit(print_later, "apple");
  } else if (which == "submits_at_exit") {  // S3
    shut_down_pool<Pool> = &pool;
    std::atexit([] {
      try {
        shut_down_pool<Pool>->submit(print_later, "too late");
      } catch (const cf::RuntimeError&) {
        std::printf("runtime-error\n");
      }
    });
    pool.submit(print_later, "apple").result();
    pool.shutdown();
  } else if (which == "does_not_wait") {  // S6
    pool.submit(print_later, "apple");
    pool.shutdown(false);
  } else if (which == "cancels") {  // S14
    pool.submit(print_later, "apple");
    pool.shutdown(false, true);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  mp::freeze_support(argc, argv);
  if (argc != 3) return 2;
  const std::string_view kind = argv[1];
  if (kind == "thread") {
    static cf::ThreadPoolExecutor pool(2);
    return run(argv[2], pool);
  }
  mp::set_start_method(kind);
  static cf::ProcessPoolExecutor pool(2);
  return run(argv[2], pool);
}
