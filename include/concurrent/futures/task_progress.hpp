// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/progress_words.hpp>

#include <cstdint>

namespace concurrent::futures::inline v0 {

/// How far a task says it is; `Future::progress` gives it.
struct Progress {
  std::uint64_t done = 0;   ///< in the task's own units
  std::uint64_t total = 0;  ///< 0: the task has not said how many there will be
};

/// In a task: says how far it is, for whoever asks its future. Costs a few stores and no system call, so that it may be
/// called for each step. What is no task, or runs elsewhere than in a worker, says it to nobody.
///
/// Threads: that of the task; in a worker process any.
inline void report_progress(std::uint64_t done, std::uint64_t total = 0) noexcept {
  multiprocessing::detail::report_progress(done, total);
}

}  // namespace concurrent::futures::inline v0
