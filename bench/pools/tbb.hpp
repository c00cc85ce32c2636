// SPDX-License-Identifier: BSL-1.0
// oneTBB has no future of its own: a task that is enqueued in an arena sets a promise.
#pragma once

#ifdef BENCH_HAS_TBB
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <future>
#include <memory>
#include <type_traits>

namespace bench {

struct Tbb {
  // One more than there are workers: the thread that submits counts, though it does not work here.
  explicit Tbb(int workers)
      : limit(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(workers) + 1), arena(workers, 0) {}
  template <class Function>
  auto submit(Function function) {
    using Result = std::invoke_result_t<Function>;
    // enqueue runs what it is given as const: the promise is held beside it, in one allocation with its state.
    auto promise = std::make_shared<std::promise<Result>>();
    auto future = promise->get_future();
    arena.enqueue([promise = std::move(promise), function] {
      if constexpr (std::is_void_v<Result>) {
        function();
        promise->set_value();
      } else {
        promise->set_value(function());
      }
    });
    return future;
  }
  template <class Future>
  static auto take(Future& future) {
    return future.get();
  }
  tbb::global_control limit;
  tbb::task_arena arena;
};

}  // namespace bench
#endif
