// SPDX-License-Identifier: BSL-1.0
// Rows F9 to F22: what a future tells in each of its states.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "conformance/six_futures.hpp"
#include "support/catch.hpp"
#include "support/deadline.hpp"
#include "support/expect.hpp"
#include "support/shared.hpp"

using namespace conformance;
using namespace std::chrono_literals;
using support::contains;

namespace {

/// Whether another thread of this process sleeps in a futex, as one that waits for a future does.
bool sleeps_in_futex(pid_t thread) {
  const std::string call = support::read_text("/proc/self/task/" + std::to_string(thread) + "/syscall");
  return call.rfind(std::to_string(SYS_futex) + " ", 0) == 0;
}

/// A thread that runs `body`, and is known to be blocked in it before the constructor returns.
class BlockedThread {
 public:
  template <class Body>
  explicit BlockedThread(Body body)
      : thread_([this, body] {
          id_ = ::gettid();
          body();
        }) {
    CHECK(support::eventually([this] { return id_ != 0 && sleeps_in_futex(id_); }, 5s));
  }
  ~BlockedThread() { thread_.join(); }

 private:
  std::atomic<pid_t> id_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("F9 fmt: a future tells its state and the type of its outcome") {
  CHECK(contains(fmt::format("{}", pending_future()), "pending"));
  CHECK(contains(fmt::format("{}", running_future()), "running"));
  CHECK(contains(fmt::format("{}", cancelled_future()), "cancelled"));
  CHECK(contains(fmt::format("{}", notified_future()), "cancelled"));
  const std::string failed = fmt::format("{}", failed_future());
  CHECK(contains(failed, "finished"));
  CHECK(contains(failed, "system_error"));
  const std::string finished = fmt::format("{}", finished_future());
  CHECK(contains(finished, "finished"));
  CHECK(contains(finished, "int"));
  CHECK(fmt::format("{}", pending_future()).find("finished") == std::string::npos);
}

TEST_CASE("F11 cancel: its answer and the state after it, from all six states") {
  auto pending = pending_future();
  auto running = running_future();
  auto cancelled = cancelled_future();
  auto notified = notified_future();
  auto failed = failed_future();
  auto finished = finished_future();
  CHECK(pending.cancel());
  CHECK(pending.cancelled());
  CHECK_FALSE(running.cancel());
  CHECK(running.running());
  CHECK(cancelled.cancel());
  CHECK(cancelled.cancelled());
  CHECK(notified.cancel());
  CHECK(notified.cancelled());
  CHECK_FALSE(failed.cancel());
  CHECK(failed.done());
  CHECK_FALSE(failed.cancelled());
  CHECK_FALSE(finished.cancel());
  CHECK(finished.result() == 42);
}

TEST_CASE("F12 cancelled: only the two cancelled states say so") {
  CHECK_FALSE(pending_future().cancelled());
  CHECK_FALSE(running_future().cancelled());
  CHECK(cancelled_future().cancelled());
  CHECK(notified_future().cancelled());
  CHECK_FALSE(failed_future().cancelled());
  CHECK_FALSE(finished_future().cancelled());
}

TEST_CASE("F13 done: cancelled, failed and finished futures are done") {
  CHECK_FALSE(pending_future().done());
  CHECK_FALSE(running_future().done());
  CHECK(cancelled_future().done());
  CHECK(notified_future().done());
  CHECK(failed_future().done());
  CHECK(finished_future().done());
}

TEST_CASE("F14 running: only a running future says so") {
  CHECK_FALSE(pending_future().running());
  CHECK(running_future().running());
  CHECK_FALSE(cancelled_future().running());
  CHECK_FALSE(notified_future().running());
  CHECK_FALSE(failed_future().running());
  CHECK_FALSE(finished_future().running());
}

TEST_CASE("F15 result: with a timeout of zero, from all six states") {
  CHECK_THROWS_AS(pending_future().result(0s), cf::TimeoutError);
  CHECK_THROWS_AS(running_future().result(0s), cf::TimeoutError);
  CHECK_THROWS_AS(cancelled_future().result(0s), cf::CancelledError);
  CHECK_THROWS_AS(notified_future().result(0s), cf::CancelledError);
  CHECK_THROWS_AS(failed_future().result(0s), std::system_error);
  CHECK(finished_future().result(0s) == 42);
}

TEST_CASE("F16 result: a blocked thread is woken by a later set_result") {
  const support::DeadlineGuard deadline("F16");
  cf::Future<int> future;
  int seen = 0;
  {
    const BlockedThread waiter([&] { seen = future.result(5s); });
    future.set_result(42);
  }
  CHECK(seen == 42);
}

TEST_CASE("F17 result: a blocked thread is woken by cancel with CancelledError") {
  const support::DeadlineGuard deadline("F17");
  cf::Future<int> future;
  bool cancelled = false;
  {
    const BlockedThread waiter([future, &cancelled] {
      try {
        future.result();
      } catch (const cf::CancelledError&) {
        cancelled = true;
      }
    });
    CHECK(future.cancel());
  }
  CHECK(cancelled);
}

TEST_CASE("F18 exception: with a timeout of zero, from all six states") {
  CHECK_THROWS_AS(pending_future().exception(0s), cf::TimeoutError);
  CHECK_THROWS_AS(running_future().exception(0s), cf::TimeoutError);
  CHECK_THROWS_AS(cancelled_future().exception(0s), cf::CancelledError);
  CHECK_THROWS_AS(notified_future().exception(0s), cf::CancelledError);
  CHECK(contains(support::text_of(failed_future().exception(0s)), "the disk"));
  CHECK(finished_future().exception(0s) == nullptr);
}

TEST_CASE("F19 exception: a blocked thread is woken by a later set_exception") {
  const support::DeadlineGuard deadline("F19");
  cf::Future<int> future;
  std::string seen;
  {
    const BlockedThread waiter([&] { seen = support::text_of(future.exception(5s)); });
    future.set_exception(an_error());
  }
  CHECK(contains(seen, "the disk"));
}

TEST_CASE("F20 set_result: a second one throws InvalidStateError that names the state and the first value stays") {
  cf::Future<int> future;
  future.set_result(1);
  const std::string text = support::message_of<cf::InvalidStateError>([&] { future.set_result(2); });
  CHECK(contains(text, "FINISHED"));
  CHECK(future.done());
  CHECK(future.result() == 1);
}

TEST_CASE("F21 set_exception: a second one throws InvalidStateError that names the state and the first one stays") {
  cf::Future<int> future;
  const auto first = an_error();
  future.set_exception(first);
  const std::string text = support::message_of<cf::InvalidStateError>(
      [&] { future.set_exception(std::make_exception_ptr(std::runtime_error("second"))); });
  CHECK(contains(text, "FINISHED"));
  CHECK(future.exception() == first);
}

TEST_CASE("F22 Future: concurrent readers never see a state without its outcome") {
  const support::DeadlineGuard deadline("F22");
  for (int round = 0; round < 200; ++round) {
    cf::Future<int> future;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        bool was_running = false;
        for (;;) {
          const bool running = future.running();
          const bool done = future.done();
          if (was_running && !running && !future.done()) ++wrong;  // back to pending
          was_running = running;
          if (!done) continue;
          // Once done, everything is there and stays so.
          if (future.running() || future.cancelled() || future.exception(0s) || future.result(0s) != round) ++wrong;
          break;
        }
      });
    }
    future.set_running_or_notify_cancel();
    future.set_result(round);
    for (std::thread& reader : readers) reader.join();
    CHECK(wrong == 0);
  }
}
