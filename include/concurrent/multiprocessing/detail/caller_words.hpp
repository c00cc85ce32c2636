// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

inline std::uint32_t poller_state(const CallerWords& words) noexcept {
  return words.poller.load(std::memory_order_seq_cst) & poller_mask;
}
/// For the caller: from one state to another; false: it was not in the first.
inline bool change_poller(CallerWords& words, std::uint32_t from, std::uint32_t to) noexcept {
  std::uint32_t word = words.poller.load(std::memory_order_seq_cst);
  while ((word & poller_mask) == from) {
    if (words.poller.compare_exchange_weak(word, (word & ~poller_mask) | to, std::memory_order_seq_cst)) return true;
  }
  return false;
}
/// For the caller: to a state, whatever it was. Returns the word as it is now. One that is in that state is not
/// written: the workers read it after each result, and would lose its cache line each time.
inline std::uint32_t put_poller(CallerWords& words, std::uint32_t state) noexcept {
  std::uint32_t word = words.poller.load(std::memory_order_seq_cst);
  while ((word & poller_mask) != state &&
         !words.poller.compare_exchange_weak(word, (word & ~poller_mask) | state, std::memory_order_seq_cst)) {
  }
  return (word & ~poller_mask) | state;
}

/// Counts up a word that somebody may be about to sleep on, and wakes who does. False: it was not in that state.
inline bool wake_sleeper(Shared<std::uint32_t>& word, std::uint32_t mask, std::uint32_t sleeping) noexcept {
  std::uint32_t seen = word.load(std::memory_order_seq_cst);
  while ((seen & mask) == sleeping) {
    if (word.compare_exchange_weak(seen, seen + mask + 1, std::memory_order_seq_cst)) {
      futex_wake(word, 1, true);
      return true;
    }
  }
  return false;
}

inline bool wake_manager_word(CallerWords& words) noexcept { return wake_sleeper(words.manager, 1, 1); }

/// For a worker: wakes whoever in the caller's process has to look at the rings. Costs a load while a thread there
/// polls.
inline void notify_caller(CallerWords& words) noexcept {
  if (poller_state(words) == poller_polls) return;
  if (wake_sleeper(words.poller, poller_mask, poller_sleeps)) return;
  if (poller_state(words) == poller_none) wake_manager_word(words);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
