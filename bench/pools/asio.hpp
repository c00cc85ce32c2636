// SPDX-License-Identifier: BSL-1.0
#pragma once

#if __has_include(<boost/asio/thread_pool.hpp>)
#define BENCH_HAS_ASIO 1
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

namespace bench {

struct Asio {
  explicit Asio(int workers) : pool(static_cast<std::size_t>(workers)) {}
  ~Asio() { pool.join(); }
  template <class Function>
  auto submit(Function function) {
    return boost::asio::post(pool, boost::asio::use_future(function));
  }
  template <class Future>
  static auto take(Future& future) {
    return future.get();
  }
  boost::asio::thread_pool pool;
};

}  // namespace bench
#endif
