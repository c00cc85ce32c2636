// SPDX-License-Identifier: BSL-1.0
// The part of a map that cuts and submits chunks.
#pragma once

#include <concurrent/futures/detail/map/stream.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace concurrent::futures::inline v0::detail {

struct MapStream::ChunkDone final : OwnedCallback {
  ChunkDone(std::shared_ptr<MapStream> of, std::size_t items) : stream(std::move(of)), size(items) {}
  void call(FutureStateBase& state) override { stream->chunk_done(state, size); }
  std::shared_ptr<MapStream> stream;
  std::size_t size;
};

struct MapStream::BytesDone final : OwnedCallback {
  BytesDone(std::shared_ptr<MapStream> of, std::size_t counted) : stream(std::move(of)), bytes(counted) {}
  void call(FutureStateBase& /*state*/) override { stream->bytes_done(bytes); }
  std::shared_ptr<MapStream> stream;
  std::size_t bytes;
};

CONCURRENT_FUTURES_INLINE void MapStream::submit_at_once() {
  if (buffersize_ || is_chained()) return;
  try {
    {
      const std::lock_guard lock(mutex_);
      pumping_ = true;
    }
    for (bool full = false; !full;) {
      const std::size_t size = feed_->cut(sizer_.next(MapFeed::unknown));
      if (size == 0) {
        feed_.reset();
        const std::lock_guard lock(mutex_);
        ended_ = true;
        pumping_ = false;
        return;
      }
      const AnyFuture future = feed_->submit(Admission::force);  // there is no limit
      push(future, size);
      if (!count_bytes(future)) continue;
      const std::lock_guard lock(mutex_);
      full = !has_room();
    }
    feed_->read_all();
    const std::lock_guard lock(mutex_);
    chained_ = true;
    pumping_ = false;
  } catch (...) {
    close();
    throw;
  }
}

CONCURRENT_FUTURES_INLINE void MapStream::start(bool open) {
  try {
    if (buffersize_) {
      fill(true);
    } else if (is_chained()) {
      if (!open) hurry_ = true;  // nobody else knows of it
      pump();
      if (!open && error_) std::rethrow_exception(error_);
    }
  } catch (...) {
    close();
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (error_ && entries_.empty()) std::rethrow_exception(error_);
}

// However large the calls are, there are as many as keep the workers busy.
inline bool MapStream::has_room() const noexcept {
  const std::size_t busy = 2 * sizer_.workers() + 2;
  return (!sizer_.is_auto() || in_flight_ < busy) && (bytes_ + uncounted_bytes_ < most_bytes || counts_ < busy);
}

// True: enough for a count have come together.
inline bool MapStream::count_bytes(const AnyFuture& future) {
  FutureStateBase& state = *HandleAccess::state(future);
  uncounted_bytes_ += state.carried_bytes();
  if (uncounted_bytes_ < counted_bytes) return false;
  auto done = std::make_unique<BytesDone>(shared_from_this(), uncounted_bytes_);
  {
    const std::lock_guard lock(mutex_);
    bytes_ += std::exchange(uncounted_bytes_, 0);
    ++counts_;
  }
  state.add_callback(std::move(done));
  return true;
}

inline void MapStream::bytes_done(std::size_t bytes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    bytes_ -= bytes;
    --counts_;
  }
  pump();
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
      size = refused_ != 0 ? refused_ : feed_->cut(size < room ? size : room);
    } catch (...) {
      cancel_left();
      throw;
    }
    if (size == 0) {
      ended_ = true;
    } else {
      const AnyFuture future = feed_->submit(ahead_ == 0 ? Admission::force : Admission::attempt);
      refused_ = HandleAccess::is_empty(future) ? size : 0;
      if (refused_ != 0) return;  // the next result that is taken tries again
      push(future, size);
      ahead_ += size;
    }
  }
}

// Cuts the next chunk of those to which items are dealt. Returns its size.
inline std::size_t MapStream::deal() {
  if (next_hand_ == hands_) {
    const std::size_t left = feed_->left();
    if (left == 0) return 0;
    hands_ = 2 * sizer_.workers() + 2;  // as many as are on their way
    std::size_t each = 1;
    {
      const std::lock_guard lock(mutex_);
      each = sizer_.next_of(hands_, left);
    }
    dealt_ = each <= left / hands_ ? each * hands_ : left;
    if (dealt_ == left) hands_ = (left + each - 1) / each;
    next_hand_ = 0;
  }
  const std::size_t size = (dealt_ - next_hand_ + hands_ - 1) / hands_;
  feed_->deal(next_hand_, hands_, size);
  if (++next_hand_ == hands_) feed_->skip(dealt_);
  return size;
}

inline void MapStream::pump() {
  std::unique_lock lock(mutex_);
  if (pumping_ || ended_) return;  // that thread looks again before it stops
  pumping_ = true;
  while (!ended_ && (hurry_ || has_room())) {
    const Admission admission = hurry_ || in_flight_ == 0 ? Admission::force : Admission::attempt;
    const std::size_t seen = chunks_done_;
    ++in_flight_;  // without auto_chunksize or a limit nobody looks at it
    lock.unlock();
    std::exception_ptr error;
    std::size_t size = std::exchange(refused_, 0);
    bool refused = false;
    try {
      if (size == 0) size = sizer_.is_auto() ? deal() : feed_->cut(sizer_.next(MapFeed::unknown));
      if (size != 0) {
        const AnyFuture future = feed_->submit(admission);
        refused = HandleAccess::is_empty(future);
        if (refused) {
          refused_ = size;
        } else {
          push(future, size, sizer_.is_auto() ? hands_ : 1);
          count_bytes(future);
          if (sizer_.is_auto() || limited_) {
            HandleAccess::state(future)->add_callback(std::make_unique<ChunkDone>(shared_from_this(), size));
          }
        }
      }
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (refused) {
      --in_flight_;
      if (!hurry_ && in_flight_ != 0 && seen == chunks_done_) break;  // the next that is done goes on
    } else if (size == 0 || error) {
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
    ++chunks_done_;
    if (!ended_ && sizer_.is_auto()) {
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

inline void MapStream::push(AnyFuture future, std::size_t size, std::size_t hands) {
  const std::lock_guard lock(mutex_);
  if (detached_ || closed_) {
    if (closed_) future.cancel();
    return;
  }
  Entry& entry = entries_.emplace_back(std::move(future), size, unordered_ ? 1 : hands);
  if (unordered_) {
    entry.waiter = &waiter_;
    if (!entry.state().add_waiter(entry)) waiter_.fire(entry, false);
  }
  if (is_chained()) changed_.notify_all();
}

}  // namespace concurrent::futures::inline v0::detail
