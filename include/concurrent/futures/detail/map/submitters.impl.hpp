// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/stream.impl.hpp>
#include <concurrent/futures/detail/map/submitters.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace concurrent::futures::inline v0::detail {

inline bool EagerSubmitter::submit_all(MapStream& stream) {
  for (;;) {
    const std::size_t size = stream.feed_->cut(sizer_.next(MapFeed::unknown));
    if (size == 0) return true;
    const AnyFuture future = stream.feed_->submit(Admission::force);  // there is no limit
    stream.window_.push(future, size);
    if (stream.count_bytes(future) && stream.bytes_.is_full(busy_chunks(sizer_))) return false;
  }
}

inline void BufferedSubmitter::fill(MapStream& stream, bool at_start) {
  // A chunk goes when there is room for all of it; only at the start the rest of the buffer is filled with less.
  // No chunk is so large that workers stay without one; an automatic one leaves each a second.
  const std::size_t even = buffersize_ / ((sizer_.is_auto() ? 2 : 1) * sizer_.workers());
  while (!stream.window_.has_ended()) {
    std::size_t size = sizer_.next(MapFeed::unknown);
    if (size > even) size = even == 0 ? 1 : even;
    const std::size_t room = buffersize_ - ahead_;
    if (room == 0 || (room < size && !at_start)) return;
    try {
      size = refused_ != 0 ? refused_ : stream.feed_->cut(size < room ? size : room);
    } catch (...) {
      stream.window_.cancel_left();
      throw;
    }
    if (size == 0) return stream.window_.end();
    const AnyFuture future = stream.feed_->submit(ahead_ == 0 ? Admission::force : Admission::attempt);
    refused_ = HandleAccess::is_empty(future) ? size : 0;
    if (refused_ != 0) return;  // the next result that is taken tries again
    stream.window_.push(future, size);
    ahead_ += size;
  }
}

inline bool ChainedSubmitter::has_room(const MapStream& stream) const {
  return (!automatic_ || in_flight_ < busy_) && !stream.bytes_.is_full(busy_);
}

/// Cuts the next of the chunks to which items are dealt. Returns its size.
inline std::size_t ChainedSubmitter::deal(MapFeed& feed) {
  if (next_hand_ == hands_) {
    const std::size_t left = feed.left();
    if (left == 0) return 0;
    hands_ = busy_;  // as many as are on their way
    std::size_t each = 1;
    {
      const Lock lock(mutex_);
      each = sizer_.next_of(hands_, left);
    }
    dealt_ = each <= left / hands_ ? each * hands_ : left;
    if (dealt_ == left) hands_ = (left + each - 1) / each;
    next_hand_ = 0;
  }
  const std::size_t size = (dealt_ - next_hand_ + hands_ - 1) / hands_;
  feed.deal(next_hand_, hands_, size);
  if (++next_hand_ == hands_) feed.skip(dealt_);
  return size;
}

/// Submits the piece that has been cut. False: there was no room.
inline bool ChainedSubmitter::submit(MapStream& stream, std::size_t size, Admission admission) {
  const AnyFuture future = stream.feed_->submit(admission);
  if (HandleAccess::is_empty(future)) {
    refused_ = size;
    return false;
  }
  stream.window_.push(future, size, automatic_ ? hands_ : 1);
  stream.count_bytes(future);
  if (automatic_ || limited_) stream.hear_of(future, size);
  return true;
}

inline void ChainedSubmitter::pump(MapStream& stream) {
  Lock lock(mutex_);
  if (submitting_ || ended_) return;
  submitting_ = true;
  while (!ended_ && (hurry_ || has_room(stream))) {
    const Admission admission = hurry_ || in_flight_ == 0 ? Admission::force : Admission::attempt;
    const std::size_t seen = chunks_done_;
    const std::size_t fixed = sizer_.next(MapFeed::unknown);
    ++in_flight_;  // without auto_chunksize or a limit nobody looks at it
    lock.unlock();
    std::exception_ptr error;
    std::size_t size = 0;
    bool admitted = true;
    if (!stream.window_.has_ended()) {
      try {
        size = std::exchange(refused_, 0);
        if (size == 0) size = automatic_ ? deal(*stream.feed_) : stream.feed_->cut(fixed);
        if (size != 0) admitted = submit(stream, size, admission);
      } catch (...) {
        error = std::current_exception();
      }
    }
    if (size == 0 || error) stream.window_.end(error);
    lock.lock();
    if (!admitted) {
      --in_flight_;
      if (!hurry_ && in_flight_ != 0 && seen == chunks_done_) break;  // the next that is done goes on
    } else if (size == 0 || error) {
      --in_flight_;
      ended_ = true;
    }
  }
  submitting_ = false;
  changed_.notify_all();
}

inline void ChainedSubmitter::hurry(MapStream& stream) {
  {
    const Lock lock(mutex_);
    hurry_ = true;
  }
  pump(stream);
}

inline void ChainedSubmitter::finish(MapStream& stream) {
  hurry(stream);
  Lock lock(mutex_);
  while (!ended_ || submitting_) changed_.wait(lock);
}

inline void ChainedSubmitter::suspend() noexcept {
  const Lock lock(mutex_);
  submitting_ = true;
}
inline void ChainedSubmitter::resume() noexcept {
  const Lock lock(mutex_);
  submitting_ = false;
}

inline void ChainedSubmitter::chunk_done(MapStream& stream, FutureStateBase& state, std::size_t size) noexcept {
  {
    const Lock lock(mutex_);
    --in_flight_;
    ++chunks_done_;
    if (!ended_ && automatic_) {
      const std::chrono::nanoseconds elapsed = stream.feed_->elapsed(state);
      if (elapsed.count() > 0) sizer_.learn(size, elapsed);
    }
  }
  pump(stream);
}

}  // namespace concurrent::futures::inline v0::detail
