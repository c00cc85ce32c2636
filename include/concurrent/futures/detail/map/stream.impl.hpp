// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/map/stream.hpp>
#include <concurrent/futures/detail/map/window.impl.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// Keeps the stream of a call that is on its way, and tells it when the call is done.
struct MapStream::ChunkDone final : OwnedCallback {
  ChunkDone(std::shared_ptr<MapStream> of, std::size_t items) : stream(std::move(of)), size(items) {}
  void call(FutureStateBase& state) override { stream->chain_.chunk_done(*stream, state, size); }
  std::shared_ptr<MapStream> stream;
  std::size_t size;
};

struct MapStream::BytesDone final : OwnedCallback {
  BytesDone(std::shared_ptr<MapStream> of, std::size_t counted) : stream(std::move(of)), bytes(counted) {}
  void call(FutureStateBase& /*state*/) override {
    stream->bytes_.count_off(bytes);
    stream->chain_.pump(*stream);
  }
  std::shared_ptr<MapStream> stream;
  std::size_t bytes;
};

/// True: enough for a count have come together.
inline bool MapStream::count_bytes(const AnyFuture& future) {
  FutureStateBase& state = *HandleAccess::state(future);
  const std::size_t counted = bytes_.add(state.carried_bytes());
  if (counted == 0) return false;
  state.add_callback(pickle::detail::UniquePointer<BytesDone>::make(shared_from_this(), counted));
  return true;
}

/// The chain is told when that chunk is done.
inline void MapStream::hear_of(const AnyFuture& future, std::size_t size) {
  HandleAccess::state(future)->add_callback(pickle::detail::UniquePointer<ChunkDone>::make(shared_from_this(), size));
}

CONCURRENT_FUTURES_INLINE void MapStream::begin_chain() noexcept {
  chained_ = true;
  window_.expect_others();
}

CONCURRENT_FUTURES_INLINE void MapStream::submit_at_once() {
  if (buffer_ || is_chained()) return;
  try {
    chain_.suspend();  // until it is known what is left for it
    if (eager_.submit_all(*this)) {
      feed_.reset();
      window_.end();
      return;
    }
    feed_->read_all();
    begin_chain();
    chain_.resume();
  } catch (...) {
    close();
    throw;
  }
}

CONCURRENT_FUTURES_INLINE void MapStream::start(bool open) {
  try {
    if (buffer_) {
      buffer_->fill(*this, true);
    } else if (is_chained() && open) {
      chain_.pump(*this);
    } else if (is_chained()) {
      chain_.hurry(*this);
      if (const std::exception_ptr error = window_.error()) std::rethrow_exception(error);
    }
  } catch (...) {
    close();
    throw;
  }
  window_.rethrow_if_empty();
}

CONCURRENT_FUTURES_INLINE bool MapStream::has_more() { return window_.has_more(); }
CONCURRENT_FUTURES_INLINE MapStream::Chunk MapStream::next() { return window_.next(); }
CONCURRENT_FUTURES_INLINE std::optional<AnyFuture> MapStream::awaited() { return window_.awaited(); }
CONCURRENT_FUTURES_INLINE void MapStream::close() noexcept { window_.close(); }
CONCURRENT_FUTURES_INLINE void MapStream::detach() noexcept { window_.detach(); }

CONCURRENT_FUTURES_INLINE void MapStream::item_taken() {
  if (!buffer_ || window_.is_closed()) return;
  buffer_->item_taken();
  try {
    buffer_->fill(*this, false);
  } catch (...) {
    // The result that was just taken is delivered first; then this.
    window_.end(std::current_exception());
  }
}

CONCURRENT_FUTURES_INLINE void MapStream::finish() { chain_.finish(*this); }

}  // namespace concurrent::futures::inline v0::detail
