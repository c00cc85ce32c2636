// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/map_options.hpp>

#include <chrono>
#include <cstddef>

namespace concurrent::futures::inline v0::detail {

/// How many items go into the next chunk. A fixed number, or for auto_chunksize as many as take about four milliseconds
/// by what the finished chunks took: long enough that cutting and sending them does not count, short enough that the
/// workers end together.
class ChunkSizer {
 public:
  ChunkSizer(std::size_t chunksize, std::size_t workers) noexcept
      : size_(chunksize == auto_chunksize ? 1 : chunksize), workers_(workers), is_auto_(chunksize == auto_chunksize) {}

  bool is_auto() const noexcept { return is_auto_; }
  std::size_t workers() const noexcept { return workers_; }

  /// `left`: how many items there are, or more than that if nobody knows.
  std::size_t next(std::size_t left) const noexcept {
    if (!is_auto_) return size_;
    // Towards the end the chunks become smaller, so that no worker is left with a long one alone; down to what is still
    // worth a call.
    return between(left / (3 * workers_));
  }

  /// The same for each of several chunks to which the next items are dealt in turn: half of what is left, so that the
  /// chunks become smaller here, too.
  std::size_t next_of(std::size_t chunks, std::size_t left) const noexcept { return between(left / (2 * chunks)); }

  void learn(std::size_t items, std::chrono::nanoseconds elapsed) noexcept {
    if (!is_auto_ || items == 0) return;
    const double item = static_cast<double>(elapsed.count()) / static_cast<double>(items);
    item_ = item_ < 0 ? item : (item_ + item) / 2;
    std::size_t size = at_least(wanted);
    // What few items took says little about many: the next chunks are at most so much larger than this one.
    const std::size_t most = items > size_ / growth ? items * growth : size_;
    if (size > most) size = most;
    size_ = size == 0 ? 1 : size;
  }

 private:
  static constexpr double wanted = 4e6;    // nanoseconds for a chunk
  static constexpr double shortest = 5e4;  // nanoseconds for a chunk near the end
  static constexpr std::size_t growth = 8;
  static constexpr double carriage = 50;  // nanoseconds: what an item costs on its way, however short its call

  std::size_t between(std::size_t size) const noexcept {
    const std::size_t least = at_least(shortest);
    if (size < least) size = least;
    if (size > size_) size = size_;
    return size == 0 ? 1 : size;
  }
  std::size_t at_least(double nanoseconds) const noexcept {
    if (item_ < 0) return 1;
    return static_cast<std::size_t>(nanoseconds / (item_ > carriage ? item_ : carriage));
  }

  std::size_t size_;
  std::size_t workers_;
  double item_ = -1;  // nanoseconds an item takes; not known yet
  bool is_auto_;
};

}  // namespace concurrent::futures::inline v0::detail
