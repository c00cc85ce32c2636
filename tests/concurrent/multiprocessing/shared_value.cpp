// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/shared_value.hpp>

#include <concurrent/multiprocessing/shared_array.hpp>
#include <concurrent/multiprocessing/shared_memory.hpp>

#include <concurrent/pickle/dumps.hpp>

#include <cstdint>

#include "support/expect.hpp"
#include "support/leak_check.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

namespace {

enum class Colour : unsigned char { red, green };
struct Point {
  std::int32_t x = 1;
  std::int32_t y = 2;
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "Value: begins as zero or as told, and is what was stored last") {
  const mp::Value<int> zero;
  CHECK(zero.load() == 0);
  const mp::Value<double> half(0.5);
  CHECK(half.load() == 0.5);
  CHECK(half.exchange(2) == 0.5);
  half.store(3);
  CHECK(half.load() == 3);
  CHECK(half.fetch_add(0.25) == 3);
  CHECK(half.load() == 3.25);
  CHECK(mp::Value<Colour>(Colour::green).load() == Colour::green);
  CHECK(mp::Value<bool>(true).load());
  CHECK(mp::Value<Point>().load().y == 2);
}

TEST_CASE_METHOD(support::LeakChecked, "Value.compare_exchange: sets what is as expected, else tells what is") {
  const mp::Value<std::int64_t> value(5);
  std::int64_t expected = 4;
  CHECK_FALSE(value.compare_exchange(expected, 9));
  CHECK(expected == 5);
  CHECK(value.compare_exchange(expected, 9));
  CHECK(value.load() == 9);
  CHECK(value.fetch_sub(4) == 9);
  CHECK(value.load() == 5);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "Value: a copy, also one that was sent, is the same value; a moved-from one too") {
  mp::Value<int> first(1);
  const mp::Value<int> second = std::move(first);
  const auto third = pickle::loads<mp::Value<int>>(pickle::dumps(second));
  third.store(8);
  CHECK(first.load() == 8);  // NOLINT(bugprone-use-after-move): a move copies
  CHECK(second.load() == 8);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "Value.fetch_add: processes lose no addition, and one that is killed breaks nothing") {
  const mp::Value<std::uint64_t> total;
  const mp::Value<std::uint32_t> endless;
  const pid_t victim = support::fork_child([&]() -> int {
    for (;;) endless.fetch_add(1);
  });
  const pid_t counters[] = {support::fork_child([&] {
                              for (int i = 0; i < 100'000; ++i) total.fetch_add(1);
                              return 0;
                            }),
                            support::fork_child([&] {
                              for (int i = 0; i < 100'000; ++i) total.fetch_add(2);
                              return 0;
                            })};
  CHECK(support::eventually([&] { return endless.load() > 0; }));
  ::kill(victim, SIGKILL);
  CHECK(WIFSIGNALED(support::wait_status(victim)));
  for (const pid_t counter : counters) CHECK(support::wait_status(counter) == 0);
  CHECK(total.load() == 300'000);
  const std::uint32_t last = endless.load();
  CHECK(endless.fetch_add(1) == last);
}

TEST_CASE_METHOD(support::LeakChecked, "Value: memory of another size is refused") {
  const mp::Array<char> memory(5);
  CHECK(support::contains(
      support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::Value<int>>(pickle::dumps(memory)); }),
      "the shared memory is no Value of this type"));
  CHECK_THROWS_AS(pickle::loads<mp::Value<int>>(pickle::dumps(mp::SharedMemory(4096))), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<mp::Value<int>>(pickle::dumps(mp::Array<char>())), pickle::UnpicklingError);
}
