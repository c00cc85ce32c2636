// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/map/carried_bytes.hpp>
#include <concurrent/futures/detail/map/feed.hpp>
#include <concurrent/futures/detail/map/submitters.hpp>
#include <concurrent/futures/detail/map/window.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/drainable.hpp>
#include <concurrent/futures/map_options.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The chunks of one map on their way: from the feed, by one of three submitters, into the window, from where the
/// iteration takes them.
///
/// Without a buffersize everything is submitted at once; with one, as results are taken; with auto_chunksize or where
/// the executor lets only so many calls wait, in a chain. What is submitted at once goes on as a chain when too many
/// bytes are on their way. A chain ends with `finish`, when the executor is about to close.
class MapStream final : public Drainable, public std::enable_shared_from_this<MapStream> {
 public:
  using Chunk = MapWindow::Chunk;

  MapStream(pickle::detail::UniquePointer<MapFeed> feed, const MapOptions& options, Deadline deadline,
            std::size_t workers, bool unordered)
      : feed_(std::move(feed)),
        window_(deadline, unordered),
        eager_(ChunkSizer(options.chunksize, workers)),
        chain_(ChunkSizer(options.chunksize, workers), feed_->is_limited()) {
    const ChunkSizer sizer(options.chunksize, workers);
    if (options.buffersize) {
      buffer_.emplace(sizer, *options.buffersize);
    } else if (sizer.is_auto() || feed_->is_limited()) {
      begin_chain();
    }
  }

  bool is_chained() const noexcept { return chained_; }

  /// Reads the ranges of a chain, before anybody else knows of it. Throws what they throw.
  void read() {
    if (is_chained()) feed_->read_all();
  }

  /// Submits what is to be submitted at once, and makes a chain of the rest, if there is any. Throws what the ranges
  /// and submit throw; what was submitted is cancelled then.
  void submit_at_once();

  /// Submits what else is to be submitted before map returns. Not `open`: the executor is about to close and waits for
  /// no chain more, so that everything is submitted here, or nothing. Throws what the ranges and submit throw; what was
  /// submitted is cancelled then.
  void start(bool open);

  /// See MapWindow.
  bool has_more();
  Chunk next();
  std::optional<AnyFuture> awaited();
  void close() noexcept;
  void detach() noexcept;

  /// One item's result is with the caller.
  void item_taken();

  /// Submits all that is left of a chain.
  CONCURRENT_FUTURES_INLINE void finish() override;

 private:
  friend class EagerSubmitter;
  friend class BufferedSubmitter;
  friend class ChainedSubmitter;
  struct ChunkDone;
  struct BytesDone;

  void begin_chain() noexcept;
  bool count_bytes(const AnyFuture& future);
  void hear_of(const AnyFuture& future, std::size_t size);

  pickle::detail::UniquePointer<MapFeed> feed_;  // of the thread that submits
  CarriedBytes bytes_;
  MapWindow window_;
  EagerSubmitter eager_;
  std::optional<BufferedSubmitter> buffer_;
  ChainedSubmitter chain_;
  bool chained_ = false;  // does not change once map has returned
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/map/stream.impl.hpp>
#include <concurrent/futures/detail/map/submitters.impl.hpp>
#endif
