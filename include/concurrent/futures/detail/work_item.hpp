// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future_state.hpp>
#include <concurrent/futures/process_options.hpp>
#include <concurrent/multiprocessing/detail/block_list.hpp>
#include <concurrent/pickle/reader.hpp>

#include <cstdint>
#include <cstring>
#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

class ProcessPool;

/// A call on its way through the pool, from submit until it is resolved: Python's _WorkItem and _CallItem in one. All
/// but the constant members belong to the pool's lock.
class WorkItem {
 public:
  enum class Place : std::uint8_t { none, pending, record, gone };

  virtual FutureStateBase& state() noexcept = 0;
  /// Unpickles the result into the future. Throws what unpickling throws.
  virtual CallbackList load(pickle::Reader& reader) = 0;

  static constexpr std::uint32_t inline_capacity = 48;

  WorkItem* next = nullptr;  // in the list of pending items
  WorkItem* previous = nullptr;
  std::uint64_t ticket = 0;                   // while it is in the call queue or with a worker
  multiprocessing::detail::Allocation block;  // the pickled call if it is large
  std::uint64_t size = 0;                     // of the pickled call
  std::unique_ptr<TaskOptions> options;
  std::uint64_t key = 0;     // what the result must repeat
  std::uint32_t record = 0;  // which record holds the call, if one does
  std::uint16_t retries_left = 0;
  Place place = Place::none;
  bool has_record = false;
  bool stopped_for_timeout = false;
  bool stopped_by_user = false;
  bool traced = false;
  union {  // a small call that waits for a place in the queue
    std::byte bytes[inline_capacity];
    std::byte* heap;
  };

  std::byte* pending_bytes() noexcept { return size <= inline_capacity ? bytes : heap; }
  void keep_pending(const std::byte* from) {
    if (size > inline_capacity) heap = new std::byte[size];
    std::memcpy(pending_bytes(), from, size);
  }
  void drop_pending() noexcept {
    if (size > inline_capacity) delete[] heap;
  }

 protected:
  WorkItem() noexcept {}
  ~WorkItem() = default;
};

/// The items that wait for a place in the call queue, oldest first.
class PendingItems {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  WorkItem* front() const noexcept { return first_; }

  void push_back(WorkItem& item) noexcept {
    item.previous = last_;
    item.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &item;
    last_ = &item;
    added(item);
  }
  void push_front(WorkItem& item) noexcept {
    item.previous = nullptr;
    item.next = first_;
    (first_ != nullptr ? first_->previous : last_) = &item;
    first_ = &item;
    added(item);
  }
  void remove(WorkItem& item) noexcept {
    (item.previous != nullptr ? item.previous->next : first_) = item.next;
    (item.next != nullptr ? item.next->previous : last_) = item.previous;
    item.place = WorkItem::Place::none;
    --size_;
  }

 private:
  void added(WorkItem& item) noexcept {
    item.place = WorkItem::Place::pending;
    ++size_;
  }
  WorkItem* first_ = nullptr;
  WorkItem* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
