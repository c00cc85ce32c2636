// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/task_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace concurrent::futures::inline v0 {

/// As `MapOptions::chunksize`: the pool chooses, from the measured time of the tasks so far.
inline constexpr std::size_t auto_chunksize = static_cast<std::size_t>(-1);

/// How `map` goes about it. Names and meanings are Python's, except that a buffersize counts items, also in chunks, and
/// that a thread pool keeps to the chunksize, too: the calls of a chunk are made one after the other there as well.
struct MapOptions {
  std::optional<std::chrono::nanoseconds> timeout{};  ///< from the call of map, for the whole iteration
  std::size_t chunksize = 1;                          ///< items per call; auto_chunksize lets the pool choose
  /// At most that many results ahead of the iteration. Chunks are no larger than lets each worker have one.
  std::optional<std::size_t> buffersize{};
  TaskOptions task{};  ///< for each call; of a chunk, for all its items together
};

/// What a call that returns void yields when it is mapped.
struct Nothing {
  friend constexpr bool operator==(Nothing, Nothing) noexcept { return true; }
};
#ifndef None           // which the headers of X11 define
using None = Nothing;  ///< its name, unless a macro has that
#endif

namespace detail {

inline void check(const MapOptions& options) {
  check_task(options.task);
  if ((options.chunksize > PTRDIFF_MAX && options.chunksize != auto_chunksize) ||
      options.buffersize > std::size_t{PTRDIFF_MAX}) {
    throw std::invalid_argument(
        "concurrent::futures: map: chunksize or buffersize is a negative number. Use 1 or more.");
  }
  if (options.chunksize == 0) {
    throw std::invalid_argument(
        "concurrent::futures: map: chunksize is 0. Use 1 or more, or cf::auto_chunksize to let the pool choose.");
  }
  if (options.buffersize == std::size_t{0}) {
    throw std::invalid_argument(
        "concurrent::futures: map: buffersize is 0. Use 1 or more, or leave it out for no limit.");
  }
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
