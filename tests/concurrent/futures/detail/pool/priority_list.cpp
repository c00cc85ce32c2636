// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/pool/priority_list.hpp>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace detail = concurrent::futures::detail;

namespace {

struct Item {
  explicit Item(int given, int number) : level(given), order(number) {}
  int priority() const noexcept { return level; }
  Item* next = nullptr;
  Item* previous = nullptr;
  int level;
  int order;
};

}  // namespace

TEST_CASE("PriorityList: the greatest priority first, equal ones in the order in which they came") {
  detail::PriorityList<Item> list;
  std::minstd_rand random(3);
  std::vector<Item> items;
  for (int i = 0; i < 500; ++i) items.emplace_back(static_cast<int>(random() % 7) - 3, i);
  for (Item& item : items) {
    list.enter(item);
    list.push_back(item);
  }
  CHECK(list.size() == 500);
  int last_level = 4;
  int last_order = -1;
  bool right = true;
  while (Item* const item = list.front()) {
    right = right && (item->level < last_level || (item->level == last_level && item->order > last_order));
    last_level = item->level;
    last_order = item->order;
    list.remove(*item);
    list.leave(*item);
  }
  CHECK(right);
  CHECK(list.empty());
}

TEST_CASE("PriorityList: what has entered goes out and in again, in front of its equals") {
  detail::PriorityList<Item> list;
  Item first(5, 0);
  Item second(5, 1);
  Item ordinary(0, 2);
  Item low(-1, 3);
  for (Item* const item : {&low, &ordinary, &first, &second}) {
    list.enter(*item);
    list.push_back(*item);
  }
  CHECK(list.front() == &first);
  list.remove(first);
  list.remove(second);
  CHECK(list.front() == &ordinary);
  list.push_front(second);
  list.push_front(first);
  CHECK(list.front() == &first);
  list.remove(first);
  list.leave(first);
  CHECK(list.front() == &second);
  list.remove(second);
  list.leave(second);
  list.remove(ordinary);
  CHECK(list.front() == &low);
  CHECK(list.size() == 1);
}
