// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/version.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// A queue whose elements stay where they are until they are taken, and need be neither movable nor assignable. What of
/// std::deque is used here, at a fortieth of its text.
template <class T>
class StableQueue {
  struct Block {
    static constexpr std::size_t room = 32;
    alignas(T) std::byte bytes[room * sizeof(T)];
    pickle::detail::UniquePointer<Block> next;
    T* at(std::size_t i) noexcept { return std::launder(reinterpret_cast<T*>(bytes) + i); }
  };

 public:
  StableQueue() noexcept = default;
  StableQueue(const StableQueue&) = delete;
  StableQueue& operator=(const StableQueue&) = delete;
  ~StableQueue() {
    while (!empty()) pop_front();
  }

  bool empty() const noexcept { return size_ == 0; }
  T& front() noexcept { return *first_->at(begin_); }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (first_ == nullptr || end_ == Block::room) {
      auto block = pickle::detail::UniquePointer<Block>::make();
      Block* const added = block.get();
      (first_ == nullptr ? first_ : last_->next) = std::move(block);
      last_ = added;
      end_ = 0;
    }
    T* const made = ::new (static_cast<void*>(last_->bytes + end_ * sizeof(T))) T(std::forward<Args>(args)...);
    ++end_;
    ++size_;
    return *made;
  }
  void pop_front() noexcept {
    front().~T();
    --size_;
    if (++begin_ == Block::room) {
      first_ = std::move(first_->next);
      begin_ = 0;
    } else if (size_ == 0) {
      begin_ = end_ = 0;
    }
  }
  void swap(StableQueue& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(size_, other.size_);
  }
  /// Calls `function` with each, from the first to the last.
  template <class Function>
  void for_each(Function function) {
    std::size_t left = size_;
    std::size_t i = begin_;
    for (Block* block = first_.get(); left != 0; block = block->next.get(), i = 0) {
      for (; i < Block::room && left != 0; ++i, --left) function(*block->at(i));
    }
  }

 private:
  pickle::detail::UniquePointer<Block> first_;
  Block* last_ = nullptr;
  std::size_t begin_ = 0;  // in the first block
  std::size_t end_ = 0;    // in the last one
  std::size_t size_ = 0;
};

}  // namespace concurrent::futures::inline v0::detail
