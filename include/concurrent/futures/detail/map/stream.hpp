// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/any_future.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/futures/detail/map/chunk_sizer.hpp>
#include <concurrent/futures/detail/map/feed.hpp>
#include <concurrent/futures/detail/pool/condition.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/futures/detail/pool/stable_queue.hpp>
#include <concurrent/futures/detail/pool/unfinished.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/map_options.hpp>

#include <cstddef>
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
/// thread, as results are taken. *In a chain*, without a buffersize: calls that are done submit the next ones from
/// their callbacks, so that everything runs if nobody iterates, too; `finish` ends the chain when the executor is about
/// to close. With auto_chunksize it is a chain from the start, of a few chunks, so that their sizes can follow what the
/// tasks take; and what is submitted at once becomes one when more bytes are on their way than `most_bytes`. Bytes are
/// counted off by the mebibyte, not call by call: small calls need no callback.
///
/// Where the executor lets only so many calls wait (max_pending) a map is a chain as well: it submits as far as there
/// is room, and goes on whenever one of its calls is done. With none on its way it goes past the limit by one call,
/// since nothing else would make it go on; so nobody waits for room here, which may be the thread of a callback.
///
/// With auto_chunksize, chunks are no pieces of the input that follow each other: items are dealt to several chunks in
/// turn, as cards are, so that a few slow ones that stand together do not all come to one worker.
class MapStream final : public Unfinished, public std::enable_shared_from_this<MapStream> {
 public:
  struct Chunk {
    AnyFuture future;
    std::size_t size;   // items
    std::size_t hands;  // so many chunks, from this one on, were dealt the items in turn
  };

  MapStream(std::unique_ptr<MapFeed> feed, const MapOptions& options, Deadline deadline, std::size_t workers,
            bool unordered)
      : sizer_(options.chunksize, workers),
        feed_(std::move(feed)),
        buffersize_(options.buffersize),
        deadline_(deadline),
        unordered_(unordered),
        limited_(feed_->is_limited()),
        chained_((sizer_.is_auto() || limited_) && !buffersize_) {}
  ~MapStream() override { unlink(); }

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

  /// Whether `next` has a chunk, or an error to throw.
  bool has_more();

  /// The next chunk, done; the first that is done if unordered. Throws TimeoutError, and what the ranges and submit
  /// threw meanwhile; the stream is closed then. Blocks.
  Chunk next();

  /// The future of the next chunk in order, for who waits for it in pieces; none where `next` has no chunk.
  std::optional<AnyFuture> awaited();

  /// One item's result is with the caller.
  void item_taken();

  /// Cancels what has not started. There is no more then.
  void close() noexcept;

  /// Nobody will iterate: go on, but keep nothing.
  void detach() noexcept;

  /// Submits all that is left of a chain.
  CONCURRENT_FUTURES_INLINE void finish() override;

 private:
  struct Entry : WaiterLink {  // a chunk that has not been taken
    Entry(AnyFuture given, std::size_t items, std::size_t dealt) noexcept
        : future(std::move(given)), size(items), hands(dealt) {}
    AnyFuture future;  // moved from: taken, out of order
    std::size_t size;
    std::size_t hands;
    bool is_taken() const noexcept { return HandleAccess::state(future) == nullptr; }
    FutureStateBase& state() const noexcept { return *HandleAccess::state(future); }
  };
  struct ChunkDone;
  struct BytesDone;
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;  // on their way, of one map
  static constexpr std::size_t counted_bytes = std::size_t{1} << 20;

  bool has_room() const noexcept;
  bool count_bytes(const AnyFuture& future);
  void bytes_done(std::size_t bytes) noexcept;
  void fill(bool at_start);
  void pump();
  void chunk_done(FutureStateBase& state, std::size_t size) noexcept;
  std::size_t deal();
  void push(AnyFuture future, std::size_t size, std::size_t hands = 1);
  Entry* wait_in_order();
  Entry* wait_for_any();
  Entry* first_left(std::unique_lock<std::mutex>& lock);
  void unlink() noexcept;
  void cancel_left() noexcept;
  [[noreturn]] void throw_error();
  [[noreturn]] void throw_timeout();

  std::mutex mutex_;  // guards what follows, down to the blank line; never held while submitting
  Condition changed_;
  StableQueue<Entry> entries_;
  ChunkSizer sizer_;
  std::exception_ptr error_;     // of the ranges or of submit, for the iteration
  std::size_t in_flight_ = 0;    // chunks of a chain
  std::size_t bytes_ = 0;        // on their way, as far as they have been counted
  std::size_t counts_ = 0;       // how many such counts are to be counted off
  std::size_t chunks_done_ = 0;  // of a chain with a limit
  bool pumping_ = false;         // a thread is submitting for a chain
  bool hurry_ = false;           // submit all that is left
  bool ended_ = false;           // nothing more will be submitted
  bool detached_ = false;
  bool closed_ = false;

  std::unique_ptr<MapFeed> feed_;    // of the thread that submits
  std::size_t uncounted_bytes_ = 0;  // likewise: of the last calls
  std::size_t refused_ = 0;          // likewise: the size of a piece for which there was no room
  std::size_t dealt_ = 0;            // likewise: items that are being dealt,
  std::size_t hands_ = 1;            // to so many chunks,
  std::size_t next_hand_ = 1;        // of which this one is the next
  std::size_t ahead_ = 0;            // with a buffersize: items submitted and not taken; of the iterating thread
  Waiter waiter_{0, false, true};    // of the iterating thread, if unordered
  WaiterLink* ready_ = nullptr;
  const std::optional<std::size_t> buffersize_;
  const Deadline deadline_;
  const bool unordered_;
  const bool limited_;
  bool chained_;  // does not change once map has returned
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#ifdef CONCURRENT_FUTURES_DEFINITIONS
#include <concurrent/futures/detail/map/stream_submit.hpp>
#include <concurrent/futures/detail/map/stream_take.hpp>
#endif
