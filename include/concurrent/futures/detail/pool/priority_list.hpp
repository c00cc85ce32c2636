// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/pool/intrusive_list.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace concurrent::futures::inline v0::detail {

/// What waits for its turn: the greatest priority first, those of equal priority in the order in which they came. Who
/// has no priority but 0 pays for no other.
///
/// An item enters before it is first put in, which may need memory, and leaves when it will never be put in again; in
/// between it may go in and out without any. `Item` has the links of an IntrusiveList, and `priority()`, which stays.
template <class Item>
class PriorityList {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Throws std::bad_alloc; nothing has happened then.
  [[gnu::always_inline]] void enter(const Item& item) {
    if (item.priority() != 0) [[unlikely]]
      enter_level(item);
  }
  void leave(const Item& item) noexcept {
    if (item.priority() == 0) return;
    const auto at = find(item);
    if (--(*at)->entered == 0) levels_.erase(at);
  }

  /// The next; null: there is none.
  Item* front() const noexcept {
    if (ordinary_.size() == size_) return ordinary_.front();
    for (const auto& level : levels_) {
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
    auto at = find(item);
    if (at == levels_.end() || (*at)->priority != item.priority())
      at = levels_.insert(at, std::make_unique<Level>(item.priority()));
    ++(*at)->entered;
  }
  auto find(const Item& item) noexcept {  // where its priority stands, or would stand
    auto first = levels_.begin();
    for (auto left = levels_.size(); left != 0;) {
      const auto half = left / 2;
      const auto middle = first + static_cast<std::ptrdiff_t>(half);
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

  IntrusiveList<Item> ordinary_;                // of priority 0
  std::vector<std::unique_ptr<Level>> levels_;  // the others, the greatest first
  std::size_t size_ = 0;
};

}  // namespace concurrent::futures::inline v0::detail
