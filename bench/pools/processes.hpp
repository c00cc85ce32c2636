// SPDX-License-Identifier: BSL-1.0
// What this library brings to the comparison. Each pool of this folder has the same three members: a constructor from
// the number of workers, submit, and take, which waits for one future and gives its value.
#pragma once

#include <concurrent/futures.hpp>
#include <utility>

namespace bench {

struct Processes {
  explicit Processes(int workers, int extra_queued_calls = 1)
      : pool({.max_workers = workers, .extra_queued_calls = extra_queued_calls}) {
    pool.warm_up(workers);
  }
  template <class Function>
  auto submit(Function function) {
    return pool.submit(function);
  }
  template <class Future>
  static auto take(Future& future) {
    return std::move(future).result();
  }
  concurrent::futures::ProcessPoolExecutor pool;
};

struct DeepProcesses : Processes {
  explicit DeepProcesses(int workers) : Processes(workers, 64) {}
};

struct Threads {
  explicit Threads(int workers) : pool(workers) {}
  template <class Function>
  auto submit(Function function) {
    return pool.submit(function);
  }
  template <class Future>
  static auto take(Future& future) {
    return std::move(future).result();
  }
  concurrent::futures::ThreadPoolExecutor pool;
};

}  // namespace bench
