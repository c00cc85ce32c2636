// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/execution.hpp>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/tasks.hpp"

using support::contains;
using support::LeakChecked;
using support::message_of;
using support::twice;

namespace {

/// How an operation has completed: once, or the test is wrong.
template <class T>
struct Outcome {
  std::mutex mutex;
  std::condition_variable changed;
  int completions = 0;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  std::exception_ptr error;
  bool stopped = false;
  std::thread::id thread;

  template <class Store>
  void complete(Store store) noexcept {
    const std::lock_guard lock(mutex);
    ++completions;
    store();
    thread = std::this_thread::get_id();
    changed.notify_all();
  }
  bool comes() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, support::patience, [this] { return completions != 0; });
  }
};

#ifdef __cpp_lib_jthread
struct Environment {
  std::stop_token token;
  std::stop_token query(cf::execution::get_stop_token_t) const noexcept { return token; }
};
#else
using Environment = cf::execution::env<>;
#endif

template <class T>
struct Receiver {
  using receiver_concept = cf::execution::receiver_tag;
  Outcome<T>* outcome;
  Environment environment{};

  template <class... Values>
  void set_value(Values&&... values) && noexcept {
    outcome->complete([&] {
      if constexpr (sizeof...(Values) == 0) {
        outcome->value.emplace(true);
      } else {
        outcome->value.emplace(std::forward<Values>(values)...);
      }
    });
  }
  void set_error(std::exception_ptr error) && noexcept {
    outcome->complete([&] { outcome->error = std::move(error); });
  }
  void set_stopped() && noexcept {
    outcome->complete([&] { outcome->stopped = true; });
  }
  Environment get_env() const noexcept { return environment; }
};

/// The result of a sender; nothing if it was stopped.
template <class T, class Sender>
auto sync_wait(Sender&& sender, Environment environment = {}) {
  Outcome<T> outcome;
  auto operation = cf::execution::connect(std::forward<Sender>(sender), Receiver<T>{&outcome, environment});
  cf::execution::start(operation);
  if (!outcome.comes()) throw std::runtime_error("a sender of this test never completed");
  const std::lock_guard lock(outcome.mutex);
  if (outcome.error) std::rethrow_exception(outcome.error);
  return std::move(outcome.value);
}

// By the names of the draft of 2026, and by those before.
static_assert(std::is_same_v<decltype(cf::as_sender(cf::Future<int>()))::sender_concept, cf::execution::sender_tag>);
static_assert(std::is_same_v<cf::execution::receiver_t, cf::execution::receiver_tag>);
static_assert(std::is_same_v<cf::execution::operation_state_t, cf::execution::operation_state_tag>);

[[noreturn]] int fails() { throw std::out_of_range("no such thing"); }
std::unique_ptr<int> make() { return std::make_unique<int>(7); }
std::size_t length(const std::string& text) { return text.size(); }
int gives_up_if_asked(cf::StopToken stop, support::Gate begun) {
  begun.open();
  const auto end = support::Clock::now() + support::patience;
  while (!stop.stop_requested() && support::Clock::now() < end) std::this_thread::yield();
  if (stop.stop_requested()) throw cf::CancelledError("asked");
  return 0;
}

static_assert(std::is_same_v<decltype(cf::as_sender(cf::Future<int>()))::completion_signatures,
                             cf::execution::completion_signatures<cf::execution::set_value_t(int),
                                                                  cf::execution::set_error_t(std::exception_ptr),
                                                                  cf::execution::set_stopped_t()>>);

}  // namespace

EACH_EXECUTOR("as_sender: completes as its future does") {
  auto pool = kind.pool(1);
  CHECK(sync_wait<int>(cf::as_sender(pool.submit(twice, 4))) == 8);
  CHECK(**sync_wait<std::unique_ptr<int>>(cf::as_sender(pool.submit(make))) == 7);
  CHECK(sync_wait<void>(cf::as_sender(pool.submit([] {}))).has_value());
  CHECK(message_of<std::out_of_range>([&] { sync_wait<int>(cf::as_sender(pool.submit(fails))); }) == "no such thing");
  const auto future = pool.submit(twice, 5);
  const auto sender = cf::as_sender(future);  // it may be connected more than once
  CHECK(sync_wait<int>(sender) == 10);
  CHECK(sync_wait<int>(sender) == 10);
  CHECK(future.result() == 10);
}

TEST_CASE("as_sender: one that is done completes in start, one that is cancelled is stopped") {
  cf::Future<int> done;
  done.set_result(3);
  Outcome<int> outcome;
  auto operation = cf::execution::connect(cf::as_sender(done), Receiver<int>{&outcome});
  CHECK(outcome.completions == 0);
  cf::execution::start(operation);
  CHECK(outcome.completions == 1);
  CHECK(outcome.thread == std::this_thread::get_id());

  cf::Future<int> pending;
  Outcome<int> later;
  auto waiting = cf::execution::connect(cf::as_sender(pending), Receiver<int>{&later});
  cf::execution::start(waiting);
  CHECK(later.completions == 0);
  pending.cancel();
  CHECK(later.stopped);
  CHECK(later.completions == 1);
  cf::Future<int> moved;
  const cf::Future<int> to = std::move(moved);
  CHECK_THROWS_AS(cf::as_sender(moved), cf::InvalidStateError);
}

EACH_EXECUTOR("submit_sender: submits when it is started, and not before") {
  auto pool = kind.pool(1);
  auto sender = cf::submit_sender(pool, twice, 21);
  CHECK(pool.statistics().submitted == 0);
  CHECK(sync_wait<int>(sender) == 42);
  CHECK(sync_wait<int>(std::move(sender)) == 42);
  CHECK(sync_wait<std::size_t>(cf::submit_sender(pool, length, "four")) == std::size_t{4});
  CHECK(sync_wait<int>(cf::submit_sender(pool, cf::TaskOptions{.label = "twice"}, twice, 3)) == 6);
  CHECK(sync_wait<int>(cf::submit_sender(pool, {.label = "twice"}, twice, 4)) == 8);
  CHECK(pool.statistics().submitted == 5);
  auto late = cf::submit_sender(pool, twice, 1);
  pool.shutdown();
  CHECK(contains(message_of<cf::RuntimeError>([&] { sync_wait<int>(std::move(late)); }), "after shutdown"));
}

#ifdef __cpp_lib_jthread
TEST_CASE("as_sender: a stop request of the receiver ends the wait and leaves the future alone") {
  cf::Future<int> future;
  std::stop_source source;
  Outcome<int> asked;
  auto operation = cf::execution::connect(cf::as_sender(future), Receiver<int>{&asked, {source.get_token()}});
  Outcome<int> other;
  auto waiting = cf::execution::connect(cf::as_sender(future), Receiver<int>{&other});
  cf::execution::start(operation);
  cf::execution::start(waiting);
  source.request_stop();
  CHECK(asked.completions == 1);
  CHECK(asked.stopped);
  CHECK_FALSE(future.done());
  CHECK_FALSE(sync_wait<int>(cf::as_sender(future), {source.get_token()}).has_value());  // also if it came before
  future.set_result(6);
  CHECK(other.value == 6);
  CHECK(asked.completions == 1);
  CHECK(sync_wait<int>(cf::as_sender(future), {source.get_token()}) == 6);  // what is there is delivered
}

namespace {

/// The future's end, the receiver's request and the operation's start meet in any order.
void race(int rounds) {
  int wrong = 0;
  std::atomic<int> begun{0};
  std::atomic<int> arrived{0};
  struct Round {
    cf::Future<int> future;
    std::stop_source source;
  };
  std::optional<Round> round;
  const auto player = [&](bool stops) {
    for (int i = 0; i < rounds; ++i) {
      for (int seen = 0; (seen = begun.load()) <= i;) begun.wait(seen);
      if (stops) {
        round->source.request_stop();
      } else {
        round->future.set_result(i);
      }
      arrived.fetch_add(1);
      arrived.notify_all();
    }
  };
  std::thread finisher(player, false);
  std::thread stopper(player, true);
  for (int i = 0; i < rounds; ++i) {
    round.emplace();
    Outcome<int> outcome;
    {
      auto operation =
          cf::execution::connect(cf::as_sender(round->future), Receiver<int>{&outcome, {round->source.get_token()}});
      arrived = 0;
      begun = i + 1;
      begun.notify_all();
      cf::execution::start(operation);
      if (!outcome.comes()) ++wrong;
    }  // who has completed it touches nothing of it any more
    for (int seen = 0; (seen = arrived.load()) != 2;) arrived.wait(seen);
    if (outcome.completions != 1 || (!outcome.stopped && outcome.value != i)) ++wrong;
  }
  finisher.join();
  stopper.join();
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("as_sender: races of its start, a result and a stop request complete it once") {
  race(support::rounds(2000));
}
TEST_CASE("as_sender: a million races of its start, a result and a stop request", "[long]") { race(1'000'000); }

EACH_EXECUTOR("submit_sender: a stop request of the receiver reaches the task") {
  auto pool = kind.pool(1);
  const auto begun = support::Gate::make();
  std::stop_source source;
  Outcome<int> outcome;
  auto operation = cf::execution::connect(cf::submit_sender(pool, gives_up_if_asked, begun),
                                          Receiver<int>{&outcome, {source.get_token()}});
  Outcome<int> behind;
  auto waiting =
      cf::execution::connect(cf::submit_sender(pool, twice, 1), Receiver<int>{&behind, {source.get_token()}});
  cf::execution::start(operation);
  cf::execution::start(waiting);
  begun.wait();
  source.request_stop();
  CHECK(outcome.comes());
  CHECK(behind.comes());
  CHECK(outcome.stopped);
  CHECK(behind.stopped);
  CHECK_FALSE(sync_wait<int>(cf::submit_sender(pool, twice, 1), {source.get_token()}).has_value());
  CHECK(pool.statistics().submitted == 2);
}

EACH_EXECUTOR("submit_sender: races of a result and a stop request complete it once") {
  auto pool = kind.pool(2);
  int wrong = 0;
  for (int i = 0; i < support::rounds(200); ++i) {
    std::stop_source source;
    Outcome<int> outcome;
    {
      auto operation =
          cf::execution::connect(cf::submit_sender(pool, twice, i), Receiver<int>{&outcome, {source.get_token()}});
      cf::execution::start(operation);
      std::thread stopper([&] { source.request_stop(); });
      if (!outcome.comes()) ++wrong;
      stopper.join();
    }
    if (outcome.completions != 1 || (!outcome.stopped && outcome.value != 2 * i)) ++wrong;
  }
  CHECK(wrong == 0);
}
#endif
