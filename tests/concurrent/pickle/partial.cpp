// SPDX-License-Identifier: BSL-1.0
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "round_trip.hpp"

namespace {

int difference(int a, int b) { return a - b; }
std::size_t lengths(const char* first, const std::string& second) {
  return std::string_view(first).size() + second.size();
}

struct Account {
  int balance = 0;
  int after(int change) const { return balance + change; }
};

template <class F>
F sent(const F& function) {
  static_assert(pickle::Picklable<F>);
  return there_and_back(function);
}

}  // namespace

TEST_CASE("partial: the stored arguments come first") {
  const auto from_ten = pickle::partial(difference, 10);
  CHECK(from_ten(3) == 7);
  CHECK(from_ten(4) == 6);
  CHECK(pickle::partial(difference, 10, 3)() == 7);
  CHECK(pickle::partial(difference)(10, 3) == 7);
}

TEST_CASE("partial: travels with its callable and its arguments, nested too") {
  CHECK(sent(pickle::partial(difference, 10))(3) == 7);
  CHECK(sent(pickle::partial([k = 2](int a, int b) { return k * a - b; }, 10))(3) == 17);
  CHECK(sent(pickle::partial(pickle::partial(difference, 10), 3))() == 7);
  const auto inserted = [](const std::vector<std::string>& words, std::size_t at) { return words.at(at); };
  CHECK(sent(pickle::partial(inserted, std::vector<std::string>{"a", "b"}))(1u) == "b");
  CHECK(sent(pickle::partial(&Account::after, Account{10}))(5) == 15);
  CHECK(sent(pickle::partial(&Account::balance, Account{10}))() == 10);
}

TEST_CASE("partial: text between quotes is stored as a string, for parameters of either kind") {
  CHECK(sent(pickle::partial(lengths, "four"))("five5") == 9);
  CHECK(sent(pickle::partial(lengths, "four", "five5"))() == 9);
  CHECK(sent(pickle::partial([](std::string_view text) { return text.size(); }, "four"))() == 4);
}

TEST_CASE("partial: what it stores may be move-only, and need not pickle unless it is sent") {
  const auto owner =
      pickle::partial([](const std::unique_ptr<int>& p, int x) { return *p + x; }, std::make_unique<int>(3));
  CHECK(owner(4) == 7);
  CHECK(sent(pickle::partial([](const std::shared_ptr<int>& p) { return *p; }, std::make_shared<int>(3)))() == 3);
  std::mutex mutex;
  const auto local = pickle::partial([](std::mutex* m) { return m != nullptr; }, &mutex);
  CHECK(local());
  static_assert(!pickle::Picklable<decltype(local)>);
}

TEST_CASE("partial: is called only with what its callable takes") {
  const auto from_ten = pickle::partial(difference, 10);
  using Partial = decltype(from_ten);
  static_assert(std::is_invocable_r_v<int, Partial, int>);
  static_assert(!std::is_invocable_v<Partial>);
  static_assert(!std::is_invocable_v<Partial, int, int>);
  static_assert(!std::is_invocable_v<Partial, std::string>);
}

TEST_CASE("partial: a pointer that its closure has captured is looked at") {
  int local = 3;
  const auto closure = [p = &local](int x) { return *p + x; };
  CHECK_THROWS_AS(pickle::dumps(pickle::partial(closure, 1)), pickle::PicklingError);
}
