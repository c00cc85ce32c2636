// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <concurrent/futures/detail/process_pool/callback_queue.hpp>
#include <concurrent/futures/process.hpp>
#include <functional>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;
using detail::CallbackList;
using detail::CallbackQueue;

namespace {

struct Function final : detail::OwnedCallback {
  explicit Function(std::function<void()> given) : function(std::move(given)) {}
  void call(detail::FutureStateBase&) override { function(); }
  std::function<void()> function;
};

/// What the pool gets from a future that is done, with one callback.
CallbackList list_of(std::function<void()> callback) {
  auto* const state = new detail::FutureState<int>;
  state->add_callback(concurrent::pickle::detail::UniquePointer<Function>::make(std::move(callback)));
  CallbackList callbacks = state->finish_with_value(1);
  state->release();
  return callbacks;
}

}  // namespace

TEST_CASE("CallbackQueue: what other threads push runs in the runner, in order, each once") {
  CallbackQueue queue;
  constexpr int threads = 4;
  constexpr int each = 2000;
  std::vector<int> last(threads, -1);
  int ran = 0;
  bool right = true;
  std::atomic<int> pushing{threads};
  std::thread runner([&] {
    queue.set_runner();
    int done = 0;
    while (pushing.load() != 0 || !queue.empty()) queue.run_all([&] { ++done; });
    right = right && done == threads * each && queue.take_ran() && !queue.take_ran();
  });
  std::vector<std::thread> others;
  for (int thread = 0; thread < threads; ++thread) {
    others.emplace_back([&, thread] {
      for (int i = 0; i < each; ++i) {
        CallbackList callbacks = list_of([&, thread, i] {
          right = right && queue.is_runner() && last[static_cast<std::size_t>(thread)] == i - 1;
          last[static_cast<std::size_t>(thread)] = i;
          ++ran;
        });
        if (!queue.push(callbacks) || !callbacks.empty() || queue.is_runner()) std::abort();
      }
      --pushing;
    });
  }
  for (std::thread& thread : others) thread.join();
  runner.join();
  CHECK(ran == threads * each);
  CHECK(right);
}

TEST_CASE("CallbackQueue: what a callback pushes runs after it, never inside it") {
  CallbackQueue queue;
  CHECK_FALSE(queue.is_runner());
  queue.set_runner();
  CHECK(queue.is_runner());
  CHECK_FALSE(queue.take_ran());
  std::vector<int> order;
  CallbackList outer = list_of([&] {
    order.push_back(1);
    CallbackList inner = list_of([&] { order.push_back(3); });
    CHECK(queue.push(inner));
    order.push_back(2);
  });
  CHECK(queue.push(outer));
  int done = 0;
  queue.run_all([&] { ++done; });
  CHECK(order == std::vector<int>{1, 2});
  CHECK_FALSE(queue.empty());
  queue.run_all([&] { ++done; });
  CHECK(order == std::vector<int>{1, 2, 3});
  CHECK(done == 2);
  CHECK(queue.empty());
  CHECK(queue.take_ran());
}
