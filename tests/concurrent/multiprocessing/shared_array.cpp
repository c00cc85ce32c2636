// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/shared_array.hpp>

#include <concurrent/pickle/dumps.hpp>

#include <atomic>
#include <numeric>
#include <vector>

#include "support/expect.hpp"
#include "support/leak_check.hpp"

namespace mp = concurrent::multiprocessing;
namespace pickle = concurrent::pickle;

namespace {

struct Sample {
  double value = 1.5;
  int count = 3;
};

}  // namespace

TEST_CASE_METHOD(support::LeakChecked, "AR1 Array: elements as asked for: T(), copies of one, copies of a vector") {
  CHECK(mp::Array<int>(3).at(2) == 0);
  const mp::Array<Sample> samples(5);
  CHECK(samples[4].value == 1.5);
  CHECK(samples[4].count == 3);
  const mp::Array<double> halves(4, 0.5);
  CHECK(std::accumulate(halves.begin(), halves.end(), 0.0) == 2);
  const mp::Array<short> copied(std::vector<short>{1, 2, 3});
  CHECK(copied.size() == 3);
  CHECK(copied[2] == 3);
  CHECK(copied.span().back() == 3);
}

TEST_CASE("Array: one without elements has no memory, and arrives so") {
  const mp::Array<int> none;
  CHECK(none.empty());
  CHECK(none.begin() == none.end());
  CHECK(mp::Array<int>(0).empty());
  CHECK(mp::Array<int>(std::vector<int>()).empty());
  CHECK(pickle::loads<mp::Array<int>>(pickle::dumps(none)).empty());
}

TEST_CASE_METHOD(support::LeakChecked, "AR3 SL1 Array.at: an index that is none is named") {
  const mp::Array<int> array(3);
  CHECK(support::message_of<std::out_of_range>([&] { array.at(3) = 1; }) ==
        "concurrent::multiprocessing: index 3 of an Array of 3 elements. It must be below that.");
}

TEST_CASE("Array: more elements than an address space has room for are refused") {
  CHECK(support::contains(support::message_of<std::invalid_argument>([] { mp::Array<int>(SIZE_MAX / 2); }),
                          "an Array of 9223372036854775807 elements of 4 bytes has no room in an address space"));
}

TEST_CASE_METHOD(support::LeakChecked,
                 "AR1 Array: what one process writes, every other reads, atomic_ref loses nothing") {
  const mp::Array<int> array(1000);
  const auto sent = pickle::dumps(array);
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(support::fork_child([&] {
      const auto same = pickle::loads<mp::Array<int>>(sent);
      for (int round = 0; round < 20; ++round) {
        for (int& element : same) std::atomic_ref(element).fetch_add(1);
      }
      return same.data() == array.data() ? 0 : 1;  // inherited, so not mapped again
    }));
  }
  for (const pid_t child : children) CHECK(support::wait_status(child) == 0);
  CHECK(std::count(array.begin(), array.end(), 40) == 1000);
}

TEST_CASE_METHOD(support::LeakChecked, "Array: memory that is no whole number of elements is refused") {
  CHECK(support::contains(support::message_of<pickle::UnpicklingError>([] {
                            const mp::Array<char> memory(7);
                            pickle::loads<mp::Array<int>>(pickle::dumps(memory));
                          }),
                          "the shared memory is no Array of this type"));
}

TEST_CASE_METHOD(support::LeakChecked, "AR1 Array: a child's running sums are seen") {
  const mp::Array<int> array(std::vector<int>{680, 626, 934, 821, 150});
  const pid_t child = support::fork_child([&] {
    std::partial_sum(array.begin(), array.end(), array.begin());
    return 0;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(std::vector<int>(array.begin(), array.end()) == std::vector<int>{680, 1306, 2240, 3061, 3211});
}

TEST_CASE_METHOD(support::LeakChecked,
                 "SL1 SL2 Array: a handle is no copy, its pickle does not grow, and zeros at an end stay") {
  const mp::Array<char> text(std::vector<char>{'a', 'b', '\0', '\0'});
  const auto second = pickle::loads<mp::Array<char>>(pickle::dumps(text));
  const std::vector<char> copy(text.begin(), text.end());
  text[0] = 'x';
  CHECK(second[0] == 'x');
  CHECK(copy[0] == 'a');
  const pid_t child = support::fork_child([&] {
    const auto same = pickle::loads<mp::Array<char>>(pickle::dumps(text));
    return same.size() == 4 && same[1] == 'b' && same[2] == 0 && same[3] == 0 ? 0 : 1;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(pickle::dumps(mp::Array<int>(10)).size() == pickle::dumps(mp::Array<int>(1000)).size());
}
