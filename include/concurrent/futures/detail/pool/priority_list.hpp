// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/intrusive_list.hpp>
#include <concurrent/multiprocessing/detail/plain_vector.hpp>

#include <cstddef>

namespace concurrent::futures::inline v0::detail {

/// What waits for its turn: the greatest priority first, those of equal priority in the order in which they came. Who
/// has no priority but 0 pays for no other.
///
/// An item enters before it is first put in, which may need memory, and leaves when it will never be put in again; in
/// between it may go in and out without any. `Item` has the links of an IntrusiveList, and `priority()`, which stays.
template <class Item>
class PriorityList {
 public:
  ~PriorityList() {
    for (Level* const level : levels_) delete level;
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Throws std::bad_alloc; nothing has happened then.
  [[gnu::always_inline]] void enter(const Item& item) {
    if (item.priority() != 0) [[unlikely]]
      enter_level(item);
  }
  void leave(const Item& item) noexcept {
    if (item.priority() == 0) return;
    Level** const at = find(item);
    if (--(*at)->entered != 0) return;
    delete *at;
    for (Level** next = at + 1; next != levels_.end(); ++next) next[-1] = *next;
    levels_.pop_back();
  }

  /// The next; null: there is none.
  Item* front() const noexcept {
    if (ordinary_.size() == size_) return ordinary_.front();
    for (Level* const level : levels_) {
      if (level->priority < 0 && !ordinary_.empty()) break;
      if (!level->items.empty()) return level->items.front();
    }
    return ordinary_.front();
  }
  void push_back(Item& item) noexcept {
    list_of(item).push_back(item);
    ++size_;
  }
  void push_front(Item& item) noexcept {
    list_of(item).push_front(item);
    ++size_;
  }
  void remove(Item& item) noexcept {
    list_of(item).remove(item);
    --size_;
  }

 private:
  struct Level {
    explicit Level(int given) noexcept : priority(given) {}
    const int priority;
    std::size_t entered = 0;
    IntrusiveList<Item> items;
  };

  [[gnu::noinline]] void enter_level(const Item& item) {
    levels_.reserve(levels_.size() + 1);  // first, for it throws
    Level** const at = find(item);
    if (at == levels_.end() || (*at)->priority != item.priority()) {
      auto* level = new Level(item.priority());
      levels_.push_back(level);
      for (Level** next = at; next != levels_.end(); ++next) {
        Level* const here = *next;
        *next = level;
        level = here;
      }
    }
    ++(*at)->entered;
  }
  Level** find(const Item& item) noexcept {  // where its priority stands, or would stand
    Level** first = levels_.begin();
    for (std::size_t left = levels_.size(); left != 0;) {
      const std::size_t half = left / 2;
      Level** const middle = first + half;
      if ((*middle)->priority > item.priority()) {
        first = middle + 1;
        left -= half + 1;
      } else {
        left = half;
      }
    }
    return first;
  }
  IntrusiveList<Item>& list_of(const Item& item) noexcept {
    return item.priority() == 0 ? ordinary_ : (*find(item))->items;
  }

  IntrusiveList<Item> ordinary_;                         // of priority 0
  multiprocessing::detail::PlainVector<Level*> levels_;  // the others, the greatest first
  std::size_t size_ = 0;
};

}  // namespace concurrent::futures::inline v0::detail
