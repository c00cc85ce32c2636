// SPDX-License-Identifier: BSL-1.0
// Future<T>::result_into: a result that is brought to where the caller wants it.
#include <signal.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/executors.hpp"
#include "support/expect.hpp"
#include "support/sanitizers.hpp"

using namespace std::chrono_literals;

namespace {

using support::Gate;
using support::patience;

std::vector<int> count_to(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 1);
  return numbers;
}
std::vector<int> count_behind(const Gate& gate, int n) {
  gate.wait();
  return count_to(n);
}
std::vector<int> fail_behind(const Gate& gate) {
  gate.wait();
  throw std::runtime_error("no numbers");
}

/// Memory that says what has been written to it.
struct Room {
  explicit Room(std::size_t size) : numbers(size, -1) {}
  bool holds_count(std::size_t count) const {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] != (i < count ? static_cast<int>(i) + 1 : -1)) return false;
    }
    return true;
  }
  std::vector<int> numbers;
};

/// A serializer of a program's own: what it writes has a form that only it knows.
struct Backwards {
  template <class T>
  static void dump(pickle::Writer& writer, const T& value) {
    writer.put(std::byte{7});
    pickle::Pickler<T>::dump(writer, value);
  }
  template <class T>
  static T load(pickle::Reader& reader) {
    static_cast<void>(reader.get<std::byte>());
    return pickle::Pickler<T>::load(reader);
  }
};

}  // namespace

EACH_EXECUTOR("result_into: the elements stand in the memory, and nothing behind them is touched") {
  auto pool = kind.pool(2);
  for (const int count : {0, 1, 7, 1000, 100000}) {
    Room room(100001);
    CHECK(pool.submit(count_to, count).result_into(room.numbers) == static_cast<std::size_t>(count));
    CHECK(room.holds_count(static_cast<std::size_t>(count)));
    Room again(100001);
    const cf::Future<std::vector<int>> future = pool.submit(count_to, count);
    for (int i = 0; i < 2; ++i) CHECK(future.result_into(again.numbers, patience) == static_cast<std::size_t>(count));
    CHECK(again.holds_count(static_cast<std::size_t>(count)));
    CHECK(future.result().size() == static_cast<std::size_t>(count));
  }
  std::string text(5, '-');
  CHECK(pool.submit([] { return std::string("abc"); }).result_into(text) == 3);
  CHECK(text == "abc--");
  std::array<double, 3> coordinates{};
  CHECK(pool.submit([] { return std::array<double, 3>{1, 2, 3}; }).result_into(coordinates) == 3);
  CHECK(coordinates == std::array<double, 3>{1, 2, 3});
}

EACH_EXECUTOR("result_into: a result for which there is no room is refused and kept") {
  auto pool = kind.pool(1);
  for (const bool before : {true, false}) {
    const Gate gate = Gate::make();
    Room room(9);
    cf::Future<std::vector<int>> future = pool.submit(count_behind, gate, 10);
    if (before) {
      gate.open();
      future.wait();
    }
    std::thread opener([&] { gate.open(); });
    CHECK_THROWS_WITH(std::move(future).result_into(room.numbers),
                      Catch::Contains("result_into: the result has 10 elements, and the memory has room for 9"));
    CHECK(room.holds_count(0));
    CHECK(future.result() == count_to(10));
    opener.join();
  }
}

EACH_EXECUTOR("result_into: what the call threw, a cancel and a limit that passes come as from result") {
  auto pool = kind.pool(1);
  Room room(10);
  const Gate gate = Gate::make();
  cf::Future<std::vector<int>> late = pool.submit(count_behind, gate, 10);
  CHECK_THROWS_AS(std::move(late).result_into(room.numbers, 1ms), cf::TimeoutError);
  cf::Future<std::vector<int>> cancelled = pool.submit(count_behind, gate, 10);
  std::thread canceller([copy = cancelled] { copy.cancel(); });
  CHECK_THROWS_AS(std::move(cancelled).result_into(room.numbers, patience), cf::CancelledError);
  canceller.join();
  cf::Future<std::vector<int>> failing = pool.submit(fail_behind, gate);
  gate.open();
  CHECK_THROWS_WITH(std::move(failing).result_into(room.numbers, patience), Catch::Contains("no numbers"));
  CHECK(late.result(patience) == count_to(10));
  CHECK(room.holds_count(0));  // the memory was the caller's again before the result came
  CHECK(std::move(late).result_into(room.numbers) == 10);
  CHECK(room.holds_count(10));
}

EACH_EXECUTOR("result_into: whoever else looks at the result finds it") {
  auto pool = kind.pool(1);
  Room room(10);
  {
    const Gate gate = Gate::make();
    cf::Future<std::vector<int>> future = pool.submit(count_behind, gate, 10);
    const cf::Future<std::vector<int>> copy = future;
    gate.open();
    CHECK(std::move(future).result_into(room.numbers) == 10);
    CHECK(copy.result() == count_to(10));
  }
  const Gate gate = Gate::make();
  std::atomic<std::size_t> seen{0};
  cf::Future<std::vector<int>> future = pool.submit(count_behind, gate, 10);
  future.add_done_callback([&](const cf::Future<std::vector<int>>& done) { seen = done.result().size(); });
  gate.open();
  CHECK(std::move(future).result_into(room.numbers) == 10);
  pool.shutdown();
  CHECK(seen == 10);
}

EACH_PROCESS_POOL("result_into: what comes while it waits goes into the memory alone") {
  auto pool = kind.pool(1);
  Room room(10);
  const Gate gate = Gate::make();
  cf::Future<std::vector<int>> future = pool.submit(count_behind, gate, 10);
  std::thread opener([&] { gate.open(); });
  const bool came_later = !future.done();
  CHECK(std::move(future).result_into(room.numbers) == 10);
  opener.join();
  CHECK(room.holds_count(10));
  if (came_later) CHECK(future.result().empty());
}

EACH_PROCESS_POOL("result_into: a limit that passes while the result is brought loses nothing") {
  auto pool = kind.pool(2);
  const int rounds = 2000 / support::slowness;
  int late = 0;
  for (int round = 0; round < rounds; ++round) {
    Room room(20000);
    cf::Future<std::vector<int>> future = pool.submit(count_to, 20000);
    try {
      const std::size_t count = std::move(future).result_into(room.numbers, std::chrono::microseconds(round % 200));
      CHECK(count == 20000);
      CHECK(room.holds_count(20000));
    } catch (const cf::TimeoutError&) {
      ++late;
      CHECK(room.holds_count(0));
      CHECK(future.result(patience) == count_to(20000));
      CHECK(room.holds_count(0));
    }
  }
  CHECK(late > 0);
}

EACH_PROCESS_POOL("result_into: workers that are killed while a result is brought leave a result or an error") {
  auto pool = kind.pool(
      {.max_workers = 2, .on_worker_death = cf::WorkerDeathPolicy::fail_task, .restart_limit = {.count = 100000}});
  const int rounds = 100 / support::slowness;
  for (int round = 0; round < rounds; ++round) {
    Room room(100000);
    cf::Future<std::vector<int>> future = pool.submit(count_to, 100000);
    std::thread killer([&] {
      for (const pid_t worker : pool.processes()) ::kill(worker, SIGKILL);
    });
    try {
      const std::size_t count = std::move(future).result_into(room.numbers, patience);
      CHECK(count == 100000);
      CHECK(room.holds_count(100000));
    } catch (const cf::WorkerDied&) {
      CHECK(room.holds_count(0));
    }
    killer.join();
  }
}

TEST_CASE("result_into: with a serializer of the program's own") {
  const support::LeakCheck leaks;
  cf::BasicProcessPoolExecutor<Backwards> pool(1);
  Room room(10);
  const Gate gate = Gate::make();
  cf::Future<std::vector<int>> future = pool.submit(count_behind, gate, 10);
  std::thread opener([&] { gate.open(); });
  CHECK(std::move(future).result_into(room.numbers) == 10);
  opener.join();
  CHECK(room.holds_count(10));
}

TEST_CASE("result_into: elements that are no plain values, and no range at all, are no overloads") {
  const auto takes = []<class T>(std::type_identity<T>) {
    return requires(cf::Future<T> future, std::span<int> memory) { std::move(future).result_into(memory); };
  };
  STATIC_REQUIRE(takes(std::type_identity<std::vector<int>>()));
  STATIC_REQUIRE(!takes(std::type_identity<std::vector<std::string>>()));
  STATIC_REQUIRE(!takes(std::type_identity<std::vector<bool>>()));
  STATIC_REQUIRE(!takes(std::type_identity<int>()));
  STATIC_REQUIRE(!takes(std::type_identity<void>()));
}

TEST_CASE("result_into: of a future that has been moved from or that nobody can finish") {
  const support::LeakCheck leaks;
  std::vector<int> memory(1);
  cf::Future<std::vector<int>> nobody;
  CHECK_THROWS_AS(std::move(nobody).result_into(memory), cf::InvalidStateError);
  const cf::Future<std::vector<int>> moved = std::move(nobody);
  CHECK_THROWS_AS(nobody.result_into(memory), cf::InvalidStateError);  // NOLINT(bugprone-use-after-move)
}
