// SPDX-License-Identifier: BSL-1.0
// What a new kind of executor may count on.
#include <chrono>
#include <concurrent/futures/detail/future/future_owner.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/futures/wait.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/fake_owner.hpp"

namespace cf = concurrent::futures;
namespace detail = concurrent::futures::detail;
using support::FakeOwner;
using support::OwnedState;

namespace {

/// A pending future of an owner, as submit gives it out: the owner's reference to it is `state`'s.
struct Submitted {
  explicit Submitted(FakeOwner& owner) : state(new OwnedState<int>(owner)), future(state) { state->add_reference(); }
  Submitted(const Submitted&) = delete;
  ~Submitted() { state->release(); }

  OwnedState<int>* const state;
  cf::Future<int> future;
};

}  // namespace

TEST_CASE("FutureOwner: lives as long as one of its futures, however long its executor has gone") {
  bool destroyed = false;
  auto* const owner = new FakeOwner(&destroyed);
  auto first = std::make_unique<Submitted>(*owner);
  auto second = std::make_unique<Submitted>(*owner);
  owner->release();  // the executor's
  CHECK_FALSE(destroyed);
  first.reset();
  CHECK_FALSE(destroyed);
  second->state->finish_with_value(1).run();
  CHECK(second->future.result() == 1);
  CHECK_FALSE(destroyed);
  second.reset();
  CHECK(destroyed);
}

TEST_CASE("FutureOwner: is there when the value of its future is destroyed") {
  bool destroyed = false;
  auto* const owner = new FakeOwner(&destroyed);
  bool was_there = false;
  struct Value {
    bool* destroyed;
    bool* was_there;
    ~Value() { *was_there = !*destroyed; }
  };
  {
    auto* const state = new OwnedState<std::unique_ptr<Value>>(*owner);
    const cf::Future<std::unique_ptr<Value>> future(state);
    state->finish_with_value(new Value{&destroyed, &was_there}).run();
    owner->release();
  }
  CHECK(destroyed);
  CHECK(was_there);
}

TEST_CASE("FutureOwner: is asked about the call that it has made") {
  auto* const owner = new FakeOwner;
  const Submitted one(*owner);
  const Submitted other(*owner);
  owner->release();
  const detail::OwnedCall* const call = one.state;

  owner->lets_go = false;
  CHECK_FALSE(one.future.cancel());
  CHECK(std::exchange(owner->asked_about, nullptr) == call);
  CHECK_FALSE(one.future.terminate());
  CHECK(std::exchange(owner->asked_about, nullptr) == call);
  CHECK_FALSE(one.future.request_stop());
  CHECK(std::exchange(owner->asked_about, nullptr) == call);
  owner->progress = 3;
  CHECK(one.future.progress().done == 3);
  CHECK(std::exchange(owner->asked_about, nullptr) == call);

  CHECK_FALSE(one.future.running());
  owner->is_taken = true;
  CHECK(one.future.running());
  owner->stops = owner->can_ask = true;
  CHECK(one.future.terminate());
  CHECK(one.future.request_stop());
  CHECK_FALSE(one.future.done());  // both are promises that it keeps itself
}

TEST_CASE("FutureOwner: is asked nothing about a call that is done") {
  auto* const owner = new FakeOwner;
  const Submitted one(*owner);
  owner->release();
  owner->stops = owner->can_ask = owner->is_taken = true;
  one.state->finish_with_value(1).run();
  CHECK_FALSE(one.future.terminate());
  CHECK_FALSE(one.future.request_stop());
  CHECK_FALSE(one.future.cancel());
  CHECK_FALSE(one.future.running());
  CHECK(one.future.result() == 1);
  CHECK(owner->asked_about == nullptr);
  CHECK(owner->pumped == 0);
}

TEST_CASE("FutureOwner: a thread pumps before it parks, alone and in a set") {
  const support::DeadlineGuard deadline("a wait for a future with an owner");
  const bool in_a_set = GENERATE(false, true);
  const bool while_pumping = GENERATE(false, true);
  auto* const owner = new FakeOwner;
  const Submitted one(*owner);
  owner->release();
  (while_pumping ? owner->when_pumped : owner->when_parked) = [&] { one.state->finish_with_value(1).run(); };
  if (in_a_set) {
    const std::vector<cf::Future<int>> futures{one.future};
    CHECK(cf::wait(futures).done.size() == 1);
  } else {
    CHECK(one.future.result() == 1);
  }
  CHECK(owner->pumped == 1);
  CHECK(owner->parked == (while_pumping ? 0 : 1));
}

TEST_CASE("FutureOwner: a future without one is cancelled by whoever has a handle, and nobody stops it when it runs") {
  const cf::Future<int> pending;
  CHECK_FALSE(pending.running());
  CHECK(pending.progress().done == 0);
  CHECK_THROWS_AS(pending.result(std::chrono::milliseconds(1)), cf::TimeoutError);
  CHECK(pending.request_stop());
  CHECK(pending.cancelled());

  const cf::Future<int> running;
  CHECK(running.set_running_or_notify_cancel());
  CHECK_FALSE(running.terminate());
  CHECK_FALSE(running.request_stop());
  CHECK(running.running());
}
