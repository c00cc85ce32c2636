// SPDX-License-Identifier: BSL-1.0
// The part of a map that cuts and submits chunks.
#pragma once

#include <concurrent/futures/detail/map_stream.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

struct MapStream::ChunkDone final : Callback {
  ChunkDone(std::shared_ptr<MapStream> of, std::size_t items) : stream(std::move(of)), size(items) {}
  void call(FutureStateBase& state) override { stream->chunk_done(state, size); }
  std::shared_ptr<MapStream> stream;
  std::size_t size;
};

CONCURRENT_FUTURES_INLINE void MapStream::start(bool open) {
  try {
    if (buffersize_) {
      fill(true);
    } else if (is_chained()) {
      if (!open) hurry_ = true;  // nobody else knows of it
      pump();
      if (!open && error_) std::rethrow_exception(error_);
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

CONCURRENT_FUTURES_INLINE void MapStream::finish() {
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

}  // namespace detail
}  // namespace concurrent::futures::inline v0
