// SPDX-License-Identifier: BSL-1.0
// The pool of Debian's libthread-pool-dev.
#pragma once

#if __has_include(<thread_pool/thread_pool.hpp>)
#define BENCH_HAS_THREAD_POOL 1
#include <thread_pool/thread_pool.hpp>

namespace bench {

struct ThreadPool {
  explicit ThreadPool(int workers) : pool(static_cast<std::size_t>(workers)) {}
  template <class Function>
  auto submit(Function function) {
    return pool.Submit(function);
  }
  template <class Future>
  static auto take(Future& future) {
    return future.get();
  }
  thread_pool::ThreadPool pool;
};

}  // namespace bench
#endif
