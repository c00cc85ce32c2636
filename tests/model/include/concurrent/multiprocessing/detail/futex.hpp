// SPDX-License-Identifier: BSL-1.0
// Stands before the library's own header of that name: sleeping and waking are steps of the explorer.
#pragma once

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

using Deadline = std::chrono::steady_clock::time_point;

inline bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline = (Deadline::max)(),
                       bool = false) noexcept {
  return model::explorer->wait(&word, word.peek(), old, nullptr, 0, 0, deadline == (Deadline::max)());
}
inline int futex_wake(std::atomic<std::uint32_t>& word, int count = INT_MAX, bool = false) noexcept {
  return model::explorer->wake(&word, count);
}
inline bool futex_wait_either(const std::atomic<std::uint32_t>& own, std::uint32_t own_old,
                              const std::atomic<std::uint32_t>& shared, std::uint32_t shared_old,
                              Deadline deadline) noexcept {
  model::explorer->wait(&own, own.peek(), own_old, &shared, shared.peek(), shared_old, deadline == (Deadline::max)());
  return true;
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
