// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/chunk_sizer.hpp>
#include <concurrent/futures/detail/deadline.hpp>
#include <concurrent/futures/detail/map_feed.hpp>
#include <concurrent/futures/detail/waiter.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/map_options.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The chunks of one map on their way: submitted, and not taken by the iteration yet.
///
/// Three ways to submit. *At once*: all of it, in the call of map. *Lazily*, with a buffersize: by the iterating
/// thread, as results are taken. *In a chain*, for auto_chunksize without a buffersize: a few chunks at a time, each
/// finished one submits the next from its callback, so that the sizes can follow what the tasks take and everything
/// still runs if nobody iterates; `finish_submitting` ends the chain when the executor is about to close.
class MapStream : public std::enable_shared_from_this<MapStream> {
 public:
  struct Chunk {
    AnyFuture future;
    std::size_t size;  // items
  };

  MapStream(std::unique_ptr<MapFeed> feed, const MapOptions& options, Deadline deadline, std::size_t workers,
            bool unordered)
      : sizer_(options.chunksize, workers),
        feed_(std::move(feed)),
        buffersize_(options.buffersize),
        deadline_(deadline),
        unordered_(unordered) {}
  MapStream(const MapStream&) = delete;
  MapStream& operator=(const MapStream&) = delete;
  ~MapStream() { unlink(); }

  bool is_chained() const noexcept { return sizer_.is_auto() && !buffersize_; }

  /// Submits what is to be submitted before map returns. Throws what the ranges and submit throw; what was submitted is
  /// cancelled then.
  void start();

  /// Whether `next` has a chunk, or an error to throw.
  bool has_more();

  /// The next chunk, done; the first that is done if unordered. Throws TimeoutError, and what the ranges and submit
  /// threw meanwhile; the stream is closed then. Blocks.
  Chunk next();

  /// One item's result is with the caller.
  void item_taken();

  /// Cancels what has not started. There is no more then.
  void close() noexcept;

  /// Nobody will iterate: go on, but keep nothing.
  void detach() noexcept;

  /// Submits all that is left of a chain.
  void finish_submitting();

 private:
  struct Entry : WaiterLink {  // a chunk that has not been taken
    Entry(AnyFuture given, std::size_t items) noexcept : future(std::move(given)), size(items) {}
    AnyFuture future;  // moved from: taken, out of order
    std::size_t size;
    bool is_taken() const noexcept { return HandleAccess::state(future) == nullptr; }
    FutureStateBase& state() const noexcept { return *HandleAccess::state(future); }
  };
  struct ChunkDone;

  void submit_all();
  void fill(bool at_start);
  void pump();
  void chunk_done(FutureStateBase& state, std::size_t size) noexcept;
  void push(AnyFuture future, std::size_t size);
  Entry* wait_in_order();
  Entry* wait_for_any();
  Entry* first_left(std::unique_lock<std::mutex>& lock);
  void unlink() noexcept;
  void cancel_left() noexcept;
  [[noreturn]] void throw_error();
  [[noreturn]] void throw_timeout();

  std::mutex mutex_;  // guards what follows, down to the blank line; never held while submitting
  std::condition_variable changed_;
  std::deque<Entry> entries_;
  ChunkSizer sizer_;
  std::exception_ptr error_;   // of the ranges or of submit, for the iteration
  std::size_t in_flight_ = 0;  // chunks of a chain
  bool pumping_ = false;       // a thread is submitting for a chain
  bool hurry_ = false;         // submit all that is left
  bool ended_ = false;         // nothing more will be submitted
  bool detached_ = false;
  bool closed_ = false;

  std::unique_ptr<MapFeed> feed_;  // of the thread that submits
  std::size_t ahead_ = 0;          // with a buffersize: items submitted and not taken; of the iterating thread
  Waiter waiter_{0, false, true};  // of the iterating thread, if unordered
  WaiterLink* ready_ = nullptr;
  const std::optional<std::size_t> buffersize_;
  const Deadline deadline_;
  const bool unordered_;
};

struct MapStream::ChunkDone final : Callback {
  ChunkDone(std::shared_ptr<MapStream> of, std::size_t items) : stream(std::move(of)), size(items) {}
  void call(FutureStateBase& state) override { stream->chunk_done(state, size); }
  std::shared_ptr<MapStream> stream;
  std::size_t size;
};

// ---- submitting

inline void MapStream::start() {
  try {
    if (buffersize_) {
      fill(true);
    } else if (is_chained()) {
      feed_->read_all();
      pump();
    } else {
      submit_all();
    }
  } catch (...) {
    close();
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (error_ && entries_.empty()) std::rethrow_exception(error_);
}

inline void MapStream::submit_all() {
  while (const std::size_t size = feed_->cut(sizer_.next(MapFeed::unknown))) push(feed_->submit(), size);
  ended_ = true;
  feed_.reset();
}

inline void MapStream::fill(bool at_start) {
  // A chunk goes when there is room for all of it; only at the start the rest of the buffer is filled with less.
  const std::size_t even = *buffersize_ / (2 * sizer_.workers());  // so that an automatic chunk leaves work for others
  while (!ended_) {
    std::size_t size = sizer_.next(MapFeed::unknown);
    if (sizer_.is_auto() && size > even) size = even == 0 ? 1 : even;
    if (size > *buffersize_) size = *buffersize_;
    const std::size_t room = *buffersize_ - ahead_;
    if (room == 0 || (room < size && !at_start)) return;
    try {
      size = feed_->cut(size < room ? size : room);
    } catch (...) {
      cancel_left();
      throw;
    }
    if (size == 0) {
      ended_ = true;
    } else {
      push(feed_->submit(), size);
      ahead_ += size;
    }
  }
}

inline void MapStream::pump() {
  std::unique_lock lock(mutex_);
  if (pumping_) return;  // that thread looks again before it stops
  pumping_ = true;
  while (!ended_ && (hurry_ || in_flight_ < 2 * sizer_.workers() + 2)) {
    const std::size_t wanted = sizer_.next(feed_->left());
    ++in_flight_;
    lock.unlock();
    std::exception_ptr error;
    std::size_t size = 0;
    try {
      size = feed_->cut(wanted);
      if (size != 0) {
        const AnyFuture future = feed_->submit();
        push(future, size);
        HandleAccess::state(future)->add_callback(std::make_unique<ChunkDone>(shared_from_this(), size));
      }
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (size == 0 || error) {
      --in_flight_;
      ended_ = true;
      error_ = error;
    }
  }
  pumping_ = false;
  changed_.notify_all();
}

inline void MapStream::chunk_done(FutureStateBase& state, std::size_t size) noexcept {
  {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    if (!ended_) {
      const std::chrono::nanoseconds elapsed = feed_->elapsed(state);
      if (elapsed.count() > 0) sizer_.learn(size, elapsed);
    }
  }
  pump();
}

inline void MapStream::finish_submitting() {
  {
    const std::lock_guard lock(mutex_);
    hurry_ = true;
  }
  pump();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ && !pumping_; });
}

inline void MapStream::push(AnyFuture future, std::size_t size) {
  const std::lock_guard lock(mutex_);
  if (detached_ || closed_) {
    if (closed_) future.cancel();
    return;
  }
  Entry& entry = entries_.emplace_back(std::move(future), size);
  if (unordered_) {
    entry.waiter = &waiter_;
    if (!entry.state().add_waiter(entry)) waiter_.fire(entry, false);
  }
  if (is_chained()) changed_.notify_all();
}

// ---- taking

inline MapStream::Entry* MapStream::first_left(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    while (!entries_.empty() && entries_.front().is_taken()) entries_.pop_front();
    if (!entries_.empty()) return &entries_.front();
    if (ended_ || closed_ || !is_chained()) return nullptr;
    changed_.wait(lock);  // a thread is about to submit
  }
}

inline bool MapStream::has_more() {
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

inline MapStream::Chunk MapStream::next() {
  Entry* const entry = unordered_ ? wait_for_any() : wait_in_order();
  if (entry == nullptr) throw_error();
  const std::lock_guard lock(mutex_);
  return {std::move(entry->future), entry->size};
}

inline void MapStream::item_taken() {
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
  std::deque<Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries.swap(entries_);
  }
  ready_ = nullptr;
  for (Entry& entry : entries) {
    if (entry.is_taken()) continue;
    if (unordered_) entry.state().remove_waiter(entry);
    entry.future.cancel();
  }
}

inline void MapStream::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ended_ = true;
    error_ = nullptr;
    changed_.notify_all();
  }
  cancel_left();
}

inline void MapStream::detach() noexcept {
  std::deque<Entry> entries;
  const std::lock_guard lock(mutex_);
  detached_ = true;
  unlink();
  entries.swap(entries_);
}

inline void MapStream::unlink() noexcept {
  if (!unordered_) return;
  for (Entry& entry : entries_) {
    if (!entry.is_taken()) entry.state().remove_waiter(entry);
  }
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
    for (const Entry& entry : entries_) left += entry.is_taken() ? 0 : entry.size;
  }
  close();
  throw TimeoutError("concurrent::futures: map: the timeout passed with " + std::to_string(left) +
                     " submitted items not yielded. Those not started are cancelled. Give map more time.");
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
