// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstdint>

namespace concurrent::futures::inline v0 {

/// Counters of one pool since it was made. What has no meaning for threads stays 0 for them.
struct PoolStatistics {
  std::uint64_t submitted = 0;           ///< calls
  std::uint64_t completed = 0;           ///< with a result
  std::uint64_t failed = 0;              ///< with an exception
  std::uint64_t cancelled = 0;           ///< before they ran, or by terminate()
  std::uint64_t workers_started = 0;     ///< also in place of others
  std::uint64_t workers_lost = 0;        ///< ended without being asked to
  std::uint64_t bytes_to_workers = 0;    ///< pickled calls
  std::uint64_t bytes_from_workers = 0;  ///< pickled results
};

}  // namespace concurrent::futures::inline v0
