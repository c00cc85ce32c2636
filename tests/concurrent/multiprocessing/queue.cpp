// SPDX-License-Identifier: BSL-1.0
// Rows QU and K34 to K43 of the conformance of multiprocessing.
#include <concurrent/multiprocessing/queue.hpp>

#include <concurrent/multiprocessing/shared_value.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/holders.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;
using namespace std::chrono_literals;
using support::contains;

namespace {

struct RefusesThirteen {
  int number = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    if (number == 13) throw std::domain_error("thirteen");
    archive(number);
  }
};

}  // namespace

TEST_CASE_METHOD(support::HoldersChecked,
                 "QU1 QU2 QU4 QU20 Queue: every form of put and get, and what it says of its size") {
  const mp::Queue<std::string> queue(6);
  CHECK(queue.empty());
  CHECK_FALSE(queue.full());
  for (int i = 0; i < 2; ++i) {
    queue.put("put");
    CHECK(queue.try_put("try"));
    CHECK(queue.put_for("for", 1s));
  }
  CHECK(queue.qsize() == 6);
  CHECK(queue.full());
  CHECK_FALSE(queue.try_put("seventh"));
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(queue.put_for("seventh", 20ms));
  CHECK(std::chrono::steady_clock::now() - start >= 20ms);
  const pid_t child = support::fork_child([&] {
    for (int i = 0; i < 2; ++i) {
      if (queue.get() != "put" || queue.try_get() != "try" || queue.get_for(1s) != "for") return 1;
    }
    return queue.empty() && !queue.full() ? 0 : 2;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(queue.qsize() == 0);
  CHECK(queue.try_get() == std::nullopt);
  CHECK(queue.get_for(5ms) == std::nullopt);
  CHECK(queue.get_for(-1s) == std::nullopt);
  CHECK_THROWS_AS(mp::Queue<int>(mp::Queue<int>::most_items + 1), std::invalid_argument);
  const mp::Queue<int> unbounded;
  for (int i = 0; i < 5000; ++i) unbounded.put(i);
  CHECK(unbounded.qsize() == 5000);
}

TEST_CASE_METHOD(support::HoldersChecked, "QU3 K39 Queue: what a process has put stays when it ends") {
  const mp::Queue<int> queue(100'000 > mp::Queue<int>::most_items ? 0 : 100'000);
  for (int i = 0; i < 10; ++i) queue.put(i);
  const pid_t child = support::fork_child([&] {
    for (int i = 10; i < 20'000; ++i) queue.put(i);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  CHECK(WIFSIGNALED(support::wait_status(child)));
  CHECK(queue.qsize() == 20'000);
  int wrong = 0;
  for (int i = 0; i < 20'000; ++i) wrong += queue.get() == i ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "QU5 QU6 Queue: task_done and join") {
  const mp::Queue<int> queue(10);
  CHECK_THROWS_AS(queue.task_done(), mp::RuntimeError);
  std::vector<pid_t> workers;
  const mp::Value<int> done;
  for (int i = 0; i < 4; ++i) {
    workers.push_back(support::fork_child([&] {
      while (const int item = queue.get()) {
        done.fetch_add(item);
        queue.task_done();
      }
      queue.task_done();
      return 0;
    }));
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) queue.put(1);
    queue.join();
    CHECK(done.load() == 10 * (round + 1));
  }
  for (int i = 0; i < 4; ++i) queue.put(0);
  for (const pid_t worker : workers) CHECK(support::wait_status(worker) == 0);
  queue.join();
  CHECK_THROWS_AS(queue.task_done(), mp::RuntimeError);
}

TEST_CASE_METHOD(support::HoldersChecked, "QU7 Queue.put: what fails to pickle throws and takes no place") {
  const mp::Queue<RefusesThirteen> queue(1);
  CHECK_THROWS_AS(queue.put(RefusesThirteen{13}), std::domain_error);
  CHECK(queue.qsize() == 0);
  CHECK(queue.try_put(RefusesThirteen{1}));
  CHECK(queue.get().number == 1);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "QU9 QU10 QU11 QU12 K41 Queue.close: what is in it can be taken, then Closed for all") {
  const mp::Queue<int> queue(2);
  queue.put(1);
  queue.put(2);
  const pid_t putting = support::fork_child([&] {
    try {
      queue.put(3);
      return 1;
    } catch (const mp::Closed&) {
      return 0;
    }
  });
  const mp::Queue<int> empty(1);
  const pid_t getting = support::fork_child([&] {
    try {
      return empty.get();
    } catch (const mp::Closed&) {
      return 0;
    }
  });
  support::fork_child([&] {
    queue.close();
    empty.close();
    return 0;
  });
  CHECK(support::wait_status(putting) == 0);
  CHECK(support::wait_status(getting) == 0);
  CHECK(support::eventually([&] { return !support::has_children() || ::waitpid(-1, nullptr, WNOHANG) > 0; }));
  CHECK_THROWS_AS(static_cast<void>(queue.try_put(4)), mp::Closed);
  queue.close();
  CHECK(queue.qsize() == 2);
  CHECK(queue.get() == 1);
  CHECK(queue.get_for(1s) == 2);
  CHECK_THROWS_AS(queue.get(), mp::Closed);
  CHECK_THROWS_AS(static_cast<void>(queue.try_get()), mp::Closed);
  CHECK(queue.empty());
  queue.task_done();
  queue.task_done();
  queue.join();

  const mp::Queue<int> discarded(5);
  for (int i = 0; i < 3; ++i) discarded.put(i);
  CHECK(discarded.get() == 0);
  discarded.close(true);
  CHECK(discarded.qsize() == 0);
  discarded.task_done();  // what was taken before is owed still, what was dropped is not
  discarded.join();
  CHECK_THROWS_AS(discarded.task_done(), mp::RuntimeError);
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "QU14 QU15 Queue: many threads, each item once, and those of one producer in order") {
  const mp::Queue<std::pair<int, int>> queue(50);
  constexpr int each = 3000;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  std::atomic<long> sum{0};
  for (int p = 0; p < 4; ++p) {
    threads.emplace_back([&, p] {
      for (int i = 0; i < each; ++i) {
        if (i % 3 == 0)
          queue.put({p, i});
        else
          while (!(i % 3 == 1 ? queue.try_put({p, i}) : queue.put_for({p, i}, 1ms))) std::this_thread::yield();
      }
    });
    threads.emplace_back([&] {
      std::vector<int> last(4, -1);
      for (int i = 0; i < each; ++i) {
        const auto [producer, number] = queue.get();
        if (number <= last[static_cast<std::size_t>(producer)]) ++wrong;
        last[static_cast<std::size_t>(producer)] = number;
        sum += number;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(sum == 4L * each * (each - 1) / 2);
  CHECK(queue.qsize() == 0);
}

TEST_CASE_METHOD(support::HoldersChecked, "Queue: items of every size about what lies in its own memory arrive whole") {
  const mp::Queue<std::string> queue(2);
  for (std::size_t size = 0; size < 600; ++size) {
    std::string item(size, ' ');
    for (std::size_t i = 0; i < size; ++i) item[i] = static_cast<char>('a' + (size + i) % 26);
    queue.put(item);
    queue.put("a short one behind it");
    REQUIRE(queue.get() == item);
    REQUIRE(queue.get() == "a short one behind it");
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "Queue: an item of many parts, which outgrows its memory several times") {
  const mp::Queue<std::vector<std::string>> queue(1);
  for (std::size_t parts = 0; parts < 200; parts += 7) {
    std::vector<std::string> item(parts);
    for (std::size_t i = 0; i < parts; ++i) item[i] = std::string(i, static_cast<char>('a' + i % 26));
    queue.put(item);
    REQUIRE(queue.get() == item);
  }
}

TEST_CASE_METHOD(support::HoldersChecked, "QU16 K35 Queue: large items arrive whole, and their memory is free again") {
  const mp::Queue<std::vector<char>> queue(2);
  for (int round = 0; round < 3; ++round) {
    std::vector<char> item(30'000'000);
    for (std::size_t i = 0; i < item.size(); i += 997) item[i] = static_cast<char>(i);
    const pid_t child = support::fork_child([&] {
      queue.put(item);
      return 0;
    });
    CHECK((queue.get() == item));
    CHECK(support::wait_status(child) == 0);
  }
}

TEST_CASE_METHOD(support::HoldersChecked,
                 "QU18 Queue: a queue of queues, of unique pointers, and one of another type") {
  const mp::Queue<mp::Queue<int>> outer(1);
  const mp::Queue<int> inner(1);
  outer.put(inner);
  const pid_t child = support::fork_child([&] {
    outer.get().put(7);
    return 0;
  });
  CHECK(inner.get() == 7);
  CHECK(support::wait_status(child) == 0);
  CHECK_THROWS_AS(pickle::loads<mp::Queue<long>>(pickle::dumps(inner)), pickle::UnpicklingError);
  const mp::Queue<std::unique_ptr<int>> pointers(1);
  pointers.put(std::make_unique<int>(5));
  CHECK(*pointers.get() == 5);
}

TEST_CASE_METHOD(support::HoldersChecked, "Queue: a put takes no longer the more items there are") {
  const mp::Queue<int> queue(0);
  for (int i = 0; i < 60'000; ++i) queue.put(i);
  const auto end = support::Clock::now() + support::patience;
  int next = 0;
  for (int i = 60'000; i < 120'000;
       i += 2) {  // when each looked for a place among all, this took a quarter of a minute
    REQUIRE(support::Clock::now() < end);
    queue.put(i);
    queue.put(i + 1);
    REQUIRE(queue.get() == next++);
    REQUIRE(queue.get() == next++);
  }
  CHECK(queue.qsize() == 60'000);
  for (const auto item : {queue.get(), queue.get()}) CHECK(item == next++);
}

TEST_CASE_METHOD(support::HoldersChecked, "K38 Queue.join: what a killed process had taken counts as done") {
  const mp::Queue<int> queue(3);
  queue.put(1);
  const pid_t child = support::child_that_stays([&] { queue.get(); });
  std::thread joiner([&] { queue.join(); });
  support::kill_and_reap(child);
  joiner.join();
  CHECK_THROWS_AS(queue.task_done(), mp::RuntimeError);
}

TEST_CASE_METHOD(
    support::HoldersChecked,
    "K34 K36 K43 Queue: producers and consumers killed at random: nothing twice, lost only with its taker") {
  const mp::Queue<int> queue(4);
  const mp::Value<int> next, taken;
  const mp::Queue<int> seen(1024);  // a slow reader holds them up, and not they it
  const auto produce = [&] {
    for (;;) queue.put(next.fetch_add(1));
    return 0;
  };
  const auto consume = [&] {
    for (;;) {
      seen.put(queue.get());
      taken.fetch_add(1);
    }
    return 0;
  };
  std::mt19937 random(11);
  std::vector<pid_t> producers;
  std::vector<pid_t> consumers;
  for (int i = 0; i < 2; ++i) {
    producers.push_back(support::fork_child(produce));
    consumers.push_back(support::fork_child(consume));
  }
  std::multiset<int> items;
  const auto collect = [&] {
    for (std::size_t i = seen.qsize(); i != 0; --i) {
      if (const auto item = seen.try_get()) items.insert(*item);
    }
  };
  int lost_at_most = 0;
  for (int kill = 0; kill < 200; ++kill) {
    const int before = taken.load();
    REQUIRE(support::eventually([&] {
      collect();
      return taken.load() > before + 20;
    }));
    const bool consumer = random() % 2 == 0;
    pid_t& victim = (consumer ? consumers : producers)[random() % 2];
    ::kill(victim, SIGKILL);
    support::wait_status(victim);
    victim = consumer ? support::fork_child(consume) : support::fork_child(produce);
    ++lost_at_most;
  }
  for (const pid_t child : producers) support::kill_and_reap(child);
  REQUIRE(support::eventually([&] {
    collect();
    return queue.empty();
  }));
  for (const pid_t child : consumers) support::kill_and_reap(child);
  collect();
  lost_at_most += 4;
  CHECK(std::adjacent_find(items.begin(), items.end()) == items.end());
  CHECK(next.load() - static_cast<int>(items.size()) <= lost_at_most);
  for (int i = 0; i < 4; ++i) CHECK(queue.try_put(-1));  // every place is there
  CHECK_FALSE(queue.try_put(-1));
}
