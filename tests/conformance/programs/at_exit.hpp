// SPDX-License-Identifier: BSL-1.0
// Rows S2, S3, S6 and S14: what a program does that ends while its executor still has work.
#pragma once

#include <concurrent/futures.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace at_exit {

/// Long enough that the main function has ended when it prints; nothing waits for that.
inline void print_later(std::string text) {
  const timespec pause{0, 200'000'000};
  ::nanosleep(&pause, nullptr);
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

template <class Pool>
inline Pool* shut_down_pool = nullptr;

/// 2: it is none of the cases.
template <class Pool>
int run(std::string_view which, Pool& pool) {
  if (which == "ends") {  // S2
    pool.submit(print_later, "apple");
  } else if (which == "submits_at_exit") {  // S3
    shut_down_pool<Pool> = &pool;
    std::atexit([] {
      try {
        shut_down_pool<Pool>->submit(print_later, "too late");
      } catch (const concurrent::futures::RuntimeError&) {
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

}  // namespace at_exit
