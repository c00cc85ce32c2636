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
                 "Value: a copy, also one that was sent, is the same value, a moved-from one too") {
  mp::Value<int> first(1);
  const mp::Value<int> second = std::move(first);
  const auto third = pickle::loads<mp::Value<int>>(pickle::dumps(second));
  third.store(8);
  CHECK(first.load() == 8);  // NOLINT(bugprone-use-after-move): a move copies
  CHECK(second.load() == 8);
}

TEST_CASE_METHOD(support::LeakChecked,
                 "VA4 Value.fetch_add: processes lose no addition, and one that is killed breaks nothing") {
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

TEST_CASE_METHOD(support::LeakChecked, "VA1 Value: of each type, written by a child and seen here") {
  const mp::Value<int> integer(1);
  const mp::Value<double> real(1.5);
  const mp::Value<short> small(-1);
  const mp::Value<std::int64_t> large(std::int64_t{1} << 40);
  const mp::Value<char> letter('a');
  const pid_t child = support::fork_child([&] {
    if (integer.load() != 1 || real.load() != 1.5 || small.load() != -1 || large.load() != std::int64_t{1} << 40 ||
        letter.load() != 'a')
      return 1;
    integer.store(-7);
    real.store(-2.25);
    small.store(300);
    large.store(-(std::int64_t{1} << 50));
    letter.store('z');
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(integer.load() == -7);
  CHECK(real.load() == -2.25);
  CHECK(small.load() == 300);
  CHECK(large.load() == -(std::int64_t{1} << 50));
  CHECK(letter.load() == 'z');
}

TEST_CASE_METHOD(support::LeakChecked,
                 "VA3 VA4 Value, Array: a child doubles numbers, structs and strings, copies are apart") {
  const mp::Value<int> integer(7);
  const mp::Value<double> real(1.0 / 3);
  const mp::Value<std::int64_t> large(std::int64_t{1} << 33);
  const mp::Value<Point> point(Point{3, 4});
  const mp::Array<double> array(std::vector<double>{1, 2, 3});
  const mp::Array<char> text(std::vector<char>{'a', 'b'});
  const Point copy = point.load();
  const std::vector<double> copies(array.begin(), array.end());
  const pid_t child = support::fork_child([&] {
    integer.store(integer.load() * 2);
    real.store(real.load() * 2);
    large.store(large.load() * 2);
    point.store({point.load().x * 2, point.load().y * 2});
    for (double& element : array) element *= 2;
    for (char& letter : text) letter = static_cast<char>(letter + 1);
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(integer.load() == 14);
  CHECK(real.load() == 2.0 / 3);
  CHECK(large.load() == std::int64_t{1} << 34);
  CHECK(point.load().x == 6);
  CHECK(point.load().y == 8);
  CHECK(std::vector<double>(array.begin(), array.end()) == std::vector<double>{2, 4, 6});
  CHECK(std::vector<char>(text.begin(), text.end()) == std::vector<char>{'b', 'c'});
  CHECK(copy.x == 3);
  CHECK(copies == std::vector<double>{1, 2, 3});
}

TEST_CASE_METHOD(support::LeakChecked, "K44 Value: one that is killed in a store leaves the old value or the new") {
  const mp::Value<Point> point(Point{0, 0});
  const mp::Value<double> real(1);
  const mp::Value<std::uint64_t> word;
  for (int round = 0; round < 20; ++round) {
    const mp::Value<int> stores;
    const pid_t child = support::fork_child([&]() -> int {
      for (std::int32_t i = 1;; i = i % 1'000'000'000 + 1) {
        point.store({i, -i});
        real.store(i % 2 == 0 ? 1e300 : -1e-300);
        word.store(i % 2 == 0 ? ~std::uint64_t{0} : 0);
        stores.fetch_add(1);
      }
    });
    CHECK(support::eventually([&] { return stores.load() > 10 * round; }));
    ::kill(child, SIGKILL);
    CHECK(WIFSIGNALED(support::wait_status(child)));
    const Point last = point.load();
    CHECK(last.x == -last.y);
    CHECK((real.load() == 1e300 || real.load() == -1e-300));
    CHECK((word.load() == 0 || word.load() == ~std::uint64_t{0}));
  }
}

TEST_CASE_METHOD(support::LeakChecked, "Value: memory of another size is refused") {
  const mp::Array<char> memory(5);
  CHECK(support::contains(
      support::message_of<pickle::UnpicklingError>([&] { pickle::loads<mp::Value<int>>(pickle::dumps(memory)); }),
      "the shared memory is no Value of this type"));
  CHECK_THROWS_AS(pickle::loads<mp::Value<int>>(pickle::dumps(mp::SharedMemory(4096))), pickle::UnpicklingError);
  CHECK_THROWS_AS(pickle::loads<mp::Value<int>>(pickle::dumps(mp::Array<char>())), pickle::UnpicklingError);
}
