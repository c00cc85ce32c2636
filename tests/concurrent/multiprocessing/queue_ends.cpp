// SPDX-License-Identifier: BSL-1.0
// Both ends of a queue, and what becomes of one when the other has gone: more of rows QU and K34 to K43.
#include <concurrent/multiprocessing/queue.hpp>
#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/pickle/dumps.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;

namespace {

std::function<void()> when_pickled;

struct PutsToo {
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    if (when_pickled) std::exchange(when_pickled, nullptr)();
    archive(number);
  }
};

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked,
                 "QU13 Queue: a put or get that is blocked goes on, timed or not, twice over") {
  const mp::Queue<int> queue(1);
  for (int round = 0; round < 2; ++round) {
    queue.put(1);
    std::atomic<bool> in_time{false};
    std::thread putter([&] {
      queue.put(2);
      in_time = queue.put_for(3, support::patience);
    });
    for (int i = 1; i <= 3; ++i) CHECK(queue.get() == i);
    putter.join();
    CHECK(in_time);
    std::vector<int> got;
    std::thread getter([&] {
      got.push_back(queue.get());
      got.push_back(queue.get_for(support::patience).value_or(-1));
    });
    for (int i = 0; i < 2; ++i) queue.put(i);
    getter.join();
    CHECK(got == std::vector{0, 1});
    CHECK(queue.empty());
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "QU17 Queue.put: what is pickled for it may put into the same queue") {
  const mp::Queue<PutsToo> queue(2);
  when_pickled = [&] { queue.put({1}); };
  queue.put({2});
  CHECK(queue.get().number == 1);
  CHECK(queue.get().number == 2);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "QU18 QU19 Queue: filled here, it is the same in a child and in that one's child") {
  const mp::Queue<int> queue(2);
  CHECK(queue.empty());
  queue.put(1);
  queue.put(2);
  const std::vector<std::byte> sent = pickle::dumps(queue);
  const pid_t child = support::fork_child([&] {
    const pid_t grandchild = support::fork_child([&] {
      const auto same = pickle::loads<mp::Queue<int>>(sent);
      if (same.qsize() != 2 || !same.full() || same.empty()) return 1;
      return same.get() == 1 && same.get() == 2 && same.empty() ? 0 : 2;
    });
    const int status = support::wait_status(grandchild);
    queue.put(3);
    return WEXITSTATUS(status);
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(queue.get() == 3);
}

TEST_CASE_METHOD(support::HoldersChecked, "K36 Queue: one that is killed while it is blocked takes nothing with it") {
  const mp::Queue<int> queue(1);
  for (int round = 0; round < 5; ++round) {
    const auto getter = [&] { return support::fork_child([&] { return queue.get() == 7 ? 0 : 1; }); };
    const pid_t victim = getter();
    const pid_t other = getter();
    support::kill_and_reap(victim);
    queue.put(7);
    CHECK(support::wait_status(other) == 0);
    queue.put(1);
    const auto putter = [&](int item) {
      return support::fork_child([&, item] {
        queue.put(item);
        return 0;
      });
    };
    support::kill_and_reap(putter(8));
    const pid_t second = putter(9);
    CHECK(queue.get() == 1);
    CHECK(support::wait_status(second) == 0);
    CHECK(queue.get() == 9);
    CHECK(queue.empty());
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "K40 Queue: when the last producer is killed consumers wait on, time limits and close end it") {
  const mp::Queue<int> queue(4);
  const pid_t producer = support::child_that_stays([&] { queue.put(1); });
  const pid_t consumer = support::fork_child([&] {
    if (queue.get() != 1) return 1;
    try {
      return queue.get() == 2 ? 0 : 2;  // of a producer that comes later
    } catch (const mp::Closed&) {
      return 3;
    }
  });
  support::kill_and_reap(producer);
  queue.put(2);
  CHECK(support::wait_status(consumer) == 0);
  CHECK(queue.get_for(5ms) == std::nullopt);
  const pid_t last = support::fork_child([&] {
    try {
      return queue.get();
    } catch (const mp::Closed&) {
      return 0;
    }
  });
  queue.close();
  CHECK(support::wait_status(last) == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "K42 Queue: it and what is in it stay when its maker is killed") {
  const mp::Array<std::byte> message(1000);
  const pid_t maker = support::child_that_stays([&] {
    static const mp::Queue<int> made(8);
    made.put(1);
    made.put(2);
    const std::vector<std::byte> bytes = pickle::dumps(made);
    std::copy(bytes.begin(), bytes.end(), message.begin() + 1);
    message[0] = static_cast<std::byte>(bytes.size());
  });
  const auto queue = pickle::loads<mp::Queue<int>>(
      std::span<const std::byte>(message.data() + 1, std::to_integer<std::size_t>(message[0])));
  support::kill_and_reap(maker);
  queue.put(3);
  CHECK(queue.qsize() == 3);
  const pid_t child = support::fork_child([&] { return queue.get() == 1 && queue.get() == 2 ? 0 : 1; });
  CHECK(support::wait_status(child) == 0);
  CHECK(queue.get() == 3);
}

TEST_CASE_METHOD(support::HoldersChecked, "K37 Queue: one that is stopped anywhere in put and get delays nobody") {
  const mp::Queue<int> queue(64);
  const support::Counter ready = support::Counter::make();
  const pid_t child = support::fork_child([&] {
    ready.add();
    for (;;) {
      queue.put(0);
      queue.get();
    }
    return 0;
  });
  ready.wait_until(1);
  int next = 1;
  for (int round = 0; round < 100; ++round) {
    ::kill(child, SIGSTOP);
    int status = 0;
    REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
    REQUIRE(WIFSTOPPED(status));
    for (int i = 0; i < 10; ++i) {
      REQUIRE(queue.try_put(next++));
      REQUIRE(queue.try_get() != std::nullopt);
    }
    while (queue.try_get()) {
    }
    queue.put(0);  // for the child, if it has put and not taken
    ::kill(child, SIGCONT);
  }
  support::kill_and_reap(child);
}
