// SPDX-License-Identifier: BSL-1.0
// The three ways in which a map submits its chunks.
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/map/carried_bytes.hpp>
#include <concurrent/futures/detail/map/chunk_sizer.hpp>
#include <concurrent/futures/detail/map/feed.hpp>
#include <concurrent/futures/detail/map/window.hpp>
#include <concurrent/futures/detail/pool/condition.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>

#include <cstddef>
#include <memory>

namespace concurrent::futures::inline v0 {
namespace detail {

class MapStream;

/// As many chunks as keep all workers busy.
inline std::size_t busy_chunks(const ChunkSizer& sizer) noexcept { return 2 * sizer.workers() + 2; }

/// All of it, in the call of map.
class EagerSubmitter {
 public:
  explicit EagerSubmitter(ChunkSizer sizer) noexcept : sizer_(sizer) {}
  /// False: so much is on its way that the rest has to follow in a chain. Throws what the ranges and submit throw.
  bool submit_all(MapStream& stream);

 private:
  const ChunkSizer sizer_;
};

/// With a buffersize: as results are taken, by the iterating thread, which alone uses this.
class BufferedSubmitter {
 public:
  BufferedSubmitter(ChunkSizer sizer, std::size_t buffersize) noexcept : sizer_(sizer), buffersize_(buffersize) {}
  /// Throws what the ranges and submit throw; what was submitted is cancelled where it was the ranges.
  void fill(MapStream& stream, bool at_start);
  void item_taken() noexcept { --ahead_; }

 private:
  const ChunkSizer sizer_;
  const std::size_t buffersize_;
  std::size_t ahead_ = 0;    // items submitted and not taken
  std::size_t refused_ = 0;  // the size of a piece for which there was no room
};

/// Calls that are done submit the next ones from their callbacks, so that everything runs if nobody iterates, too. One
/// thread at a time submits, without the lock; whoever finds another at it leaves it to that one, which looks again
/// before it stops.
///
/// With auto_chunksize there are few chunks on their way, so that their sizes can follow what the tasks take; and
/// chunks are no pieces of the input that follow each other: items are dealt to several chunks in turn, as cards are,
/// so that a few slow ones that stand together do not all come to one worker. Where the executor lets only so many
/// calls wait (max_pending) it submits as far as there is room, and goes on whenever one of its calls is done. With
/// none on its way it goes past the limit by one call, since nothing else would make it go on; so nobody waits for room
/// here, which may be the thread of a callback.
class ChainedSubmitter {
 public:
  ChainedSubmitter(ChunkSizer sizer, bool limited) noexcept
      : automatic_(sizer.is_auto()), busy_(busy_chunks(sizer)), limited_(limited), sizer_(sizer) {}

  /// Submits what there is room for.
  void pump(MapStream& stream);
  /// Likewise, and from now on also what there is no room for.
  void hurry(MapStream& stream);
  /// The same, until all is submitted, whoever does it. Blocks.
  void finish(MapStream& stream);
  /// Nothing is submitted before resume(): whoever else pumps returns.
  void suspend() noexcept;
  void resume() noexcept;
  void chunk_done(MapStream& stream, FutureStateBase& state, std::size_t size) noexcept;

 private:
  using Lock = multiprocessing::detail::MutexLock;

  bool has_room(const MapStream& stream) const CONCURRENT_FUTURES_REQUIRES(mutex_);
  std::size_t deal(MapFeed& feed);
  bool submit(MapStream& stream, std::size_t size, Admission admission);

  const bool automatic_;  // the size of chunks
  const std::size_t busy_;
  const bool limited_;

  multiprocessing::detail::Mutex mutex_;
  Condition changed_;
  ChunkSizer sizer_ CONCURRENT_FUTURES_GUARDED_BY(mutex_);
  std::size_t in_flight_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;  // chunks; with auto_chunksize or a limit
  std::size_t chunks_done_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = 0;
  bool submitting_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;  // a thread is
  bool hurry_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;       // submit all that is left
  bool ended_ CONCURRENT_FUTURES_GUARDED_BY(mutex_) = false;       // nothing is left

  // Of the thread that submits.
  std::size_t refused_ = 0;    // the size of a piece for which there was no room
  std::size_t dealt_ = 0;      // items that are being dealt,
  std::size_t hands_ = 1;      // to so many chunks,
  std::size_t next_hand_ = 1;  // of which this one is the next
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
