// SPDX-License-Identifier: BSL-1.0
#include <concurrent/pickle/detail/kept_objects.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "support/catch.hpp"

using concurrent::pickle::detail::KeptObjects;
using concurrent::pickle::detail::UniqueArray;
using concurrent::pickle::detail::UniquePointer;

namespace {

struct Counted {
  static inline int living = 0;
  Counted() { ++living; }
  explicit Counted(int n) : number(n) {
    if (n < 0) throw std::invalid_argument("negative");
    ++living;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  virtual ~Counted() { --living; }
  int number = 5;
};
struct Derived : Counted {
  using Counted::Counted;
};

}  // namespace

TEST_CASE("UniquePointer: has one object or none, and destroys it once") {
  {
    UniquePointer<Counted> none;
    CHECK(none == nullptr);
    CHECK_FALSE(none);
    none.reset();
    none = nullptr;
    auto one = UniquePointer<Counted>::make(3);
    CHECK(one->number == 3);
    CHECK((*one).number == 3);
    CHECK(one.get() == &*one);
    UniquePointer<Counted> other = std::move(one);
    CHECK(one == nullptr);
    CHECK(other != nullptr);
    other = UniquePointer<Derived>::make(4);
    CHECK(Counted::living == 1);
    CHECK(other->number == 4);
    UniquePointer<Counted>& same = other;
    other = std::move(same);
    CHECK(other->number == 4);
    CHECK(Counted::living == 1);
    CHECK_THROWS_AS(UniquePointer<Counted>::make(-1), std::invalid_argument);
    UniquePointer<Counted> released(other.release());
    CHECK(other == nullptr);
    released = nullptr;
    CHECK(Counted::living == 0);
    released = UniquePointer<Counted>::make();
  }
  CHECK(Counted::living == 0);
}

TEST_CASE("UniqueArray: its elements are as T() makes them, and are destroyed once") {
  {
    const UniqueArray<int> numbers(100);
    for (std::size_t i = 0; i < 100; ++i) CHECK(numbers[i] == 0);
    CHECK_FALSE(UniqueArray<int>());
    UniqueArray<Counted> first(3);
    UniqueArray<Counted> second(std::move(first));
    CHECK_FALSE(first);
    CHECK(second[2].number == 5);
    CHECK(Counted::living == 3);
    first = UniqueArray<Counted>(2);
    CHECK(Counted::living == 5);
    first = std::move(second);
    CHECK(first);
    second = UniqueArray<Counted>();
    CHECK(Counted::living == 3);
  }
  CHECK(Counted::living == 0);
}

TEST_CASE("KeptObjects: lives as long as it, and goes from one to another") {
  const auto object = std::make_shared<const int>(1);
  {
    KeptObjects kept;
    CHECK(kept.empty());
    kept.add(object);
    kept.add(object);
    KeptObjects more;
    more.take(kept);
    CHECK(kept.empty());
    CHECK(object.use_count() == 3);
    kept.add(object);
    more.take(kept);
    more.take(kept);
    CHECK(object.use_count() == 4);
    KeptObjects moved = std::move(more);
    CHECK(more.empty());
    more = std::move(moved);
    CHECK(moved.empty());
    CHECK_FALSE(more.empty());
    CHECK(object.use_count() == 4);
    more.clear();
    CHECK(object.use_count() == 1);
    more.add(object);
  }
  CHECK(object.use_count() == 1);
}
