// SPDX-License-Identifier: BSL-1.0
// The memory that a thread in result_into waits with, and who brings the result: played here by the test.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"

using namespace std::chrono_literals;

namespace {

namespace detail = cf::detail;
using Numbers = std::vector<int>;

/// A future that a thread waits for with memory, and its state, which this has a reference to.
class Waiting {
 public:
  explicit Waiting(std::chrono::milliseconds limit) : state_(detail::HandleAccess::state(future_)) {
    state_->add_reference();
    thread_ = std::thread([this, limit] {
      try {
        count_ = std::move(future_).result_into(memory, limit);
      } catch (const cf::TimeoutError&) {
        timed_out = true;
      }
      returned = true;
    });
  }
  ~Waiting() {
    if (thread_.joinable()) thread_.join();
    state_->release();
  }

  /// Takes the memory as soon as the thread waits.
  detail::ResultDestination& take() {
    detail::ResultDestination* taken = nullptr;
    REQUIRE(support::eventually([&] { return (taken = state_->take_destination()) != nullptr; }));
    return *taken;
  }
  void finish(Numbers numbers) {
    static_cast<detail::FutureState<Numbers>*>(state_)->finish_with_value(std::move(numbers)).run();
    thread_.join();
  }
  std::size_t count() const { return count_; }
  const cf::Future<Numbers>& future() const { return future_; }

  Numbers memory = Numbers(4, -1);
  std::atomic<bool> returned{false};
  std::atomic<bool> timed_out{false};

 private:
  cf::Future<Numbers> future_;
  detail::FutureStateBase* const state_;
  std::size_t count_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("ResultDestination: who has taken the memory has it until it has been filled, whatever the limit") {
  const support::DeadlineGuard deadline("result destination");
  Waiting waiting(1ms);
  detail::ResultDestination& destination = waiting.take();
  CHECK_FALSE(support::eventually([&] { return waiting.returned.load(); }, 50ms));
  const Numbers numbers{1, 2, 3};
  REQUIRE(destination.takes(3 * sizeof(int)));
  CHECK_FALSE(destination.takes(5 * sizeof(int)));
  destination.fill(reinterpret_cast<const std::byte*>(numbers.data()), 3 * sizeof(int));
  CHECK_FALSE(support::eventually([&] { return waiting.returned.load(); }, 50ms));
  waiting.finish({});
  CHECK_FALSE(waiting.timed_out);
  CHECK(waiting.count() == 3);
  CHECK(waiting.memory == Numbers{1, 2, 3, -1});
}

TEST_CASE("ResultDestination: what is not filled is copied from the value") {
  const support::DeadlineGuard deadline("result destination");
  Waiting waiting(30s);
  waiting.take().leave();
  waiting.finish({5, 6});
  CHECK(waiting.count() == 2);
  CHECK(waiting.memory == Numbers{5, 6, -1, -1});
  CHECK(waiting.future().result() == Numbers{5, 6});
}

TEST_CASE("ResultDestination: after the limit nobody finds the memory") {
  const support::DeadlineGuard deadline("result destination");
  Waiting waiting(1ms);
  REQUIRE(support::eventually([&] { return waiting.returned.load(); }));
  CHECK(waiting.timed_out);
  CHECK(detail::HandleAccess::state(waiting.future())->take_destination() == nullptr);
  waiting.finish({7});
  CHECK(waiting.memory == Numbers(4, -1));
}

TEST_CASE("ResultDestination: a copy, a callback or a waiter of the future keeps the result in it") {
  std::vector<int> memory(1);
  const auto is_offered = [](const cf::Future<Numbers>& future) {
    detail::ResultDestination destination({});
    detail::FutureStateBase& state = detail::HandleAccess::checked_state(future);
    const bool offered = state.offer_destination(destination.link());
    if (offered) CHECK(state.remove_waiter(destination.link()));
    return offered;
  };
  const cf::Future<Numbers> future;
  CHECK(is_offered(future));
  {
    const cf::Future<Numbers> copy = future;
    CHECK_FALSE(is_offered(future));
  }
  CHECK(is_offered(future));
  future.add_done_callback([](const cf::Future<Numbers>&) {});
  CHECK_FALSE(is_offered(future));
  const cf::Future<Numbers> done;
  done.set_result({});
  CHECK_FALSE(is_offered(done));
}
