// SPDX-License-Identifier: BSL-1.0
#pragma once

#ifdef BENCH_HAS_BOOST_THREAD
#define BOOST_THREAD_VERSION 4
#define BOOST_THREAD_PROVIDES_EXECUTORS
#include <boost/thread/executors/basic_thread_pool.hpp>
#include <boost/thread/future.hpp>

namespace bench {

struct BoostThread {
  explicit BoostThread(int workers) : pool(static_cast<unsigned>(workers)) {}
  template <class Function>
  auto submit(Function function) {
    return boost::async(pool, function);
  }
  template <class Future>
  static auto take(Future& future) {
    return future.get();
  }
  boost::executors::basic_thread_pool pool;
};

}  // namespace bench
#endif
