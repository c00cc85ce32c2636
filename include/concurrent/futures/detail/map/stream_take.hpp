// SPDX-License-Identifier: BSL-1.0
// The part of a map that hands out finished chunks, and ends.
#pragma once

#include <concurrent/futures/detail/map/stream.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0::detail {

inline MapStream::Entry* MapStream::first_left(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    while (!entries_.empty() && entries_.front().is_taken()) entries_.pop_front();
    if (!entries_.empty()) return &entries_.front();
    if (ended_ || closed_ || !is_chained()) return nullptr;
    changed_.wait(lock);  // a thread is about to submit
  }
}

CONCURRENT_FUTURES_INLINE bool MapStream::has_more() {
  std::unique_lock lock(mutex_);
  return first_left(lock) != nullptr || (!closed_ && (error_ != nullptr || !ended_));
}

inline MapStream::Entry* MapStream::wait_in_order() {
  std::unique_lock lock(mutex_);
  Entry* const entry = first_left(lock);
  lock.unlock();
  if (entry == nullptr || entry->state().wait_until_done(deadline_)) return entry;
  throw_timeout();
}

inline MapStream::Entry* MapStream::wait_for_any() {
  while (ready_ == nullptr) {
    ready_ = waiter_.take_fired();
    if (ready_ != nullptr) break;
    if (has_passed(deadline_)) throw_timeout();
    std::unique_lock lock(mutex_);
    Entry* const first = first_left(lock);
    if (first == nullptr) return nullptr;
    lock.unlock();
    if (!first->state().done() && first->state().work_while_waiting(waiter_.word(), Waiter::quiet, deadline_)) continue;
    waiter_.sleep_through(first->state(), deadline_);
  }
  Entry& entry = static_cast<Entry&>(*std::exchange(ready_, ready_->next_fired));
  entry.state().remove_waiter(entry);  // waits until who fired it lets go of the waiter
  return &entry;
}

CONCURRENT_FUTURES_INLINE MapStream::Chunk MapStream::next() {
  Entry* const entry = unordered_ ? wait_for_any() : wait_in_order();
  if (entry == nullptr) throw_error();
  const std::lock_guard lock(mutex_);
  return {std::move(entry->future), entry->size, entry->hands};
}

CONCURRENT_FUTURES_INLINE std::optional<AnyFuture> MapStream::awaited() {
  std::unique_lock lock(mutex_);
  Entry* const entry = first_left(lock);
  return entry != nullptr ? std::optional(entry->future) : std::nullopt;
}

CONCURRENT_FUTURES_INLINE void MapStream::item_taken() {
  if (!buffersize_ || closed_) return;
  --ahead_;
  try {
    fill(false);
  } catch (...) {
    // The result that was just taken is delivered first, and what has been submitted and not cancelled; then this.
    error_ = std::current_exception();
    ended_ = true;
  }
}

inline void MapStream::cancel_left() noexcept {
  StableQueue<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries.swap(entries_);
  }
  ready_ = nullptr;
  entries.for_each([this](Entry& entry) {
    if (entry.is_taken()) return;
    if (unordered_) entry.state().remove_waiter(entry);
    entry.future.cancel();
  });
}

CONCURRENT_FUTURES_INLINE void MapStream::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ended_ = true;
    error_ = nullptr;
    changed_.notify_all();
  }
  cancel_left();
}

CONCURRENT_FUTURES_INLINE void MapStream::detach() noexcept {
  StableQueue<Entry> entries;
  const std::lock_guard lock(mutex_);
  detached_ = true;
  unlink();
  entries.swap(entries_);
}

CONCURRENT_FUTURES_INLINE void MapStream::unlink() noexcept {
  if (!unordered_) return;
  entries_.for_each([](Entry& entry) {
    if (!entry.is_taken()) entry.state().remove_waiter(entry);
  });
}

inline void MapStream::throw_error() {
  const std::exception_ptr error = std::exchange(error_, nullptr);
  close();
  if (error) std::rethrow_exception(error);
  throw InvalidStateError(
      "concurrent::futures: map: there are no more results. Compare the iterator with end() before reading it.");
}

inline void MapStream::throw_timeout() {
  std::size_t left = 0;
  {
    const std::lock_guard lock(mutex_);
    entries_.for_each([&left](const Entry& entry) { left += entry.is_taken() ? 0 : entry.size; });
  }
  close();
  throw TimeoutError("concurrent::futures: map: the timeout passed with " + std::to_string(left) +
                     " submitted items not yielded. Those not started are cancelled. Give map more time.");
}

}  // namespace concurrent::futures::inline v0::detail
