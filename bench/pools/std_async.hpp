// SPDX-License-Identifier: BSL-1.0
// The standard library's own: a thread a task, whatever the number of workers.
#pragma once

#include <future>

namespace bench {

struct StdAsync {
  explicit StdAsync(int) {}
  template <class Function>
  auto submit(Function function) {
    return std::async(std::launch::async, function);
  }
  template <class Future>
  static auto take(Future& future) {
    return future.get();
  }
};

}  // namespace bench
