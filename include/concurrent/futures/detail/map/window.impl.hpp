// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/window.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0::detail {

inline void MapWindow::push(AnyFuture future, std::size_t size, std::size_t hands) {
  Lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    future.cancel();
    return;
  }
  if (detached_) return;
  Entry& entry = entries_.emplace_back(std::move(future), size, unordered_ ? 1 : hands);
  if (unordered_) {
    entry.waiter = &waiter_;
    if (!entry.state().add_waiter(entry)) waiter_.fire(entry, false);
  }
  if (others_submit_) changed_.notify_all();
}

inline void MapWindow::end(std::exception_ptr error) noexcept {
  const Lock lock(mutex_);
  ended_ = true;
  if (!closed_) error_ = std::move(error);
  changed_.notify_all();
}

inline void MapWindow::expect_others() noexcept {
  const Lock lock(mutex_);
  others_submit_ = true;
}

inline bool MapWindow::has_ended() noexcept {
  const Lock lock(mutex_);
  return ended_;
}

inline std::exception_ptr MapWindow::error() noexcept {
  const Lock lock(mutex_);
  return error_;
}

inline void MapWindow::rethrow_if_empty() {
  const Lock lock(mutex_);
  if (error_ && entries_.empty()) std::rethrow_exception(error_);
}

inline MapWindow::Entry* MapWindow::first_left(Lock& lock) {
  for (;;) {
    while (!entries_.empty() && entries_.front().is_taken()) entries_.pop_front();
    if (!entries_.empty()) return &entries_.front();
    if (ended_ || closed_ || !others_submit_) return nullptr;
    changed_.wait(lock);  // a thread is about to submit
  }
}

inline bool MapWindow::has_more() {
  Lock lock(mutex_);
  return first_left(lock) != nullptr || (!closed_ && (error_ != nullptr || !ended_));
}

inline MapWindow::Entry* MapWindow::wait_in_order() {
  Lock lock(mutex_);
  Entry* const entry = first_left(lock);
  lock.unlock();
  if (entry == nullptr || entry->state().wait_until_done(deadline_)) return entry;
  throw_timeout();
}

inline MapWindow::Entry* MapWindow::wait_for_any() {
  while (ready_ == nullptr) {
    ready_ = waiter_.take_fired();
    if (ready_ != nullptr) break;
    if (has_passed(deadline_)) throw_timeout();
    Lock lock(mutex_);
    Entry* const first = first_left(lock);
    if (first == nullptr) return nullptr;
    lock.unlock();
    if (!first->state().done() && first->state().pump_until(waiter_.word(), Waiter::quiet, deadline_)) continue;
    waiter_.sleep_through(first->state(), deadline_);
  }
  Entry& entry = static_cast<Entry&>(*std::exchange(ready_, ready_->next_fired));
  entry.state().remove_waiter(entry);  // waits until who fired it lets go of the waiter
  return &entry;
}

inline MapWindow::Chunk MapWindow::next() {
  Entry* const entry = unordered_ ? wait_for_any() : wait_in_order();
  if (entry == nullptr) throw_error();
  const Lock lock(mutex_);
  return {std::move(entry->future), entry->size, entry->hands};
}

inline std::optional<AnyFuture> MapWindow::awaited() {
  Lock lock(mutex_);
  Entry* const entry = first_left(lock);
  return entry != nullptr ? std::optional(entry->future) : std::nullopt;
}

inline bool MapWindow::is_closed() noexcept {
  const Lock lock(mutex_);
  return closed_;
}

inline void MapWindow::cancel_left() noexcept {
  StableQueue<Entry> entries;
  {
    const Lock lock(mutex_);
    entries.swap(entries_);
  }
  entries.for_each([this](Entry& entry) {
    if (entry.is_taken()) return;
    if (unordered_) entry.state().remove_waiter(entry);
    entry.future.cancel();
  });
  // What has fired and not been taken lies in there.
  waiter_.take_fired();
  ready_ = nullptr;
}

inline void MapWindow::close() noexcept {
  {
    const Lock lock(mutex_);
    closed_ = true;
    ended_ = true;
    error_ = nullptr;
    changed_.notify_all();
  }
  cancel_left();
}

inline void MapWindow::detach() noexcept {
  StableQueue<Entry> entries;
  const Lock lock(mutex_);
  detached_ = true;
  unlink(entries_);
  entries.swap(entries_);
}

inline void MapWindow::throw_error() {
  const std::exception_ptr error = this->error();
  close();
  if (error) std::rethrow_exception(error);
  throw InvalidStateError(
      "concurrent::futures: map: there are no more results. Compare the iterator with end() before reading it.");
}

inline void MapWindow::throw_timeout() {
  std::size_t left = 0;
  {
    const Lock lock(mutex_);
    entries_.for_each([&left](const Entry& entry) { left += entry.is_taken() ? 0 : entry.size; });
  }
  close();
  throw TimeoutError("concurrent::futures: map: the timeout passed with " + std::to_string(left) +
                     " submitted items not yielded. Those not started are cancelled. Give map more time.");
}

}  // namespace concurrent::futures::inline v0::detail
