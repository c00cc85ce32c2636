// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstddef>

namespace concurrent::futures::inline v0::detail {

/// A list of objects that hold the links themselves (`next`, `previous`): to put one in needs no memory, so that it
/// works also where there is none. An object is in one list at a time.
template <class T>
class IntrusiveList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  T* front() const noexcept { return first_; }

  void push_back(T& item) noexcept {
    item.previous = last_;
    item.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &item;
    last_ = &item;
    ++size_;
  }
  void push_front(T& item) noexcept {
    item.previous = nullptr;
    item.next = first_;
    (first_ != nullptr ? first_->previous : last_) = &item;
    first_ = &item;
    ++size_;
  }
  void remove(T& item) noexcept {
    (item.previous != nullptr ? item.previous->next : first_) = item.next;
    (item.next != nullptr ? item.next->previous : last_) = item.previous;
    --size_;
  }
  /// The oldest, which is no longer in the list; null: it is empty.
  T* pop_front() noexcept {
    T* const item = first_;
    if (item != nullptr) remove(*item);
    return item;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace concurrent::futures::inline v0::detail
