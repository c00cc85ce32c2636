// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/future.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/fake_owner.hpp"

namespace cf = concurrent::futures;
namespace detail = concurrent::futures::detail;
using detail::CallbackList;
using detail::State;

namespace {

/// A future of an executor's, with a handle.
template <class R>
struct HeldState {
  support::FakeOwner* const owner = new support::FakeOwner;
  detail::FutureState<R>* const state = new support::OwnedState<R>(*owner);
  cf::Future<R> future{state};

  HeldState() { owner->release(); }  // the state has its own reference
};

}  // namespace

TEST_CASE("FutureState: is small") {
  STATIC_REQUIRE(sizeof(detail::FutureState<int>) <= 48);
  STATIC_REQUIRE(sizeof(detail::FutureState<void>) <= sizeof(detail::FutureState<int>));
}

TEST_CASE("FutureState.cancel: the executor is asked, and a call that it has given away goes on") {
  HeldState<int> held;
  held.owner->lets_go = false;
  held.owner->is_taken = true;
  CHECK(held.future.running());
  CHECK_FALSE(held.future.cancel());
  CHECK(held.state->state() == State::pending);
  held.owner->lets_go = true;
  CHECK(held.future.cancel());
  CHECK(held.future.cancel());
  CHECK(held.state->state() == State::cancelled);
  CHECK_FALSE(held.state->try_run());
  CHECK(held.state->state() == State::cancelled_and_notified);
}

TEST_CASE("FutureState.finish: hands out the callbacks in order instead of running them") {
  HeldState<int> held;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) held.future.add_done_callback([&order, i](const auto&) { order.push_back(i); });
  CallbackList callbacks = held.state->finish_with_value(1);
  CHECK(held.future.done());
  CHECK(order.empty());
  CHECK_FALSE(callbacks.empty());
  detail::FutureStateBase::run(std::move(callbacks));
  CHECK(order == std::vector{0, 1, 2});
}

TEST_CASE("FutureState.finish: callbacks that nobody ran run with the list's end") {
  HeldState<int> held;
  int calls = 0;
  held.future.add_done_callback([&](const auto&) { ++calls; });
  {
    const CallbackList dropped = held.state->finish_with_exception(std::make_exception_ptr(1));
  }
  CHECK(calls == 1);
}

TEST_CASE("FutureState.finish: the first outcome stays") {
  HeldState<std::string> held;
  held.state->finish_with_value("first").run();
  held.state->finish_with_value("second").run();
  held.state->finish_with_exception(std::make_exception_ptr(1)).run();
  held.state->finish_cancelled().run();
  CHECK(held.future.result() == "first");

  HeldState<std::string> cancelled;
  cancelled.future.cancel();
  cancelled.state->finish_with_value("late").run();
  CHECK(cancelled.future.cancelled());
}

TEST_CASE("FutureState.finish: a null exception still fails the future") {
  HeldState<int> held;
  held.state->finish_with_exception(nullptr).run();
  CHECK_THROWS_AS(held.future.result(), cf::RuntimeError);
}

TEST_CASE("FutureState.terminate: asks the executor to stop what is not done") {
  HeldState<int> held;
  held.state->try_run();
  CHECK_FALSE(held.future.terminate());
  held.owner->stops = true;
  CHECK(held.future.terminate());
  held.state->finish_cancelled().run();
  CHECK_FALSE(held.future.terminate());
}

TEST_CASE("FutureState: a thread that waits works for the executor first") {
  const support::DeadlineGuard deadline("a wait that pumps");
  HeldState<int> held;
  held.state->add_reference();  // the executor's
  held.owner->when_pumped = [&] { held.state->finish_cancelled().run(); };
  CHECK_THROWS_AS(held.future.result(), cf::CancelledError);
  CHECK(held.owner->pumped == 1);
  held.state->release();
}

TEST_CASE("FutureState: the value lives as long as handle or reference") {
  auto token = std::make_shared<int>(0);
  auto* const state = new detail::FutureState<std::shared_ptr<int>>;
  state->add_reference();  // the executor's
  {
    cf::Future<std::shared_ptr<int>> future(state);
    state->finish_with_value(token).run();
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 2);
  {
    const cf::Future<std::shared_ptr<int>> again((state->add_reference(), state));
  }
  state->release();
  CHECK(token.use_count() == 1);
}

TEST_CASE("FutureState: waiting, adding callbacks, cancelling and finishing at once") {
  const support::DeadlineGuard deadline("a storm on one future");
  for (int round = 0; round < 300; ++round) {
    const cf::Future<int> future;
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      if (future.set_running_or_notify_cancel()) future.set_result(1);
    });
    threads.emplace_back([&] { future.cancel(); });
    threads.emplace_back([future] {  // who waits has a copy
      try {
        future.result();
      } catch (const cf::CancelledError&) {
      }
    });
    for (int i = 0; i < 5; ++i) future.add_done_callback([&](const auto&) { ++calls; });
    for (auto& thread : threads) thread.join();
    REQUIRE(calls == 5);
    REQUIRE(future.done());
  }
}
