// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/process_pool/wakeups.hpp>
#include <concurrent/multiprocessing/detail/caller_words.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

inline void Wakeups::poll() noexcept { ipc::put_poller(*words_, ipc::poller_polls); }

template <class Ready>
bool Wakeups::sleep(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline,
                    const Ready& ready) {
  const std::uint32_t asleep = ipc::put_poller(*words_, ipc::poller_sleeps);
  bool supported = true;
  if (!ready()) supported = ipc::futex_wait_either(word, value, words_->poller, asleep, deadline);
  poll();
  return supported;
}

template <class Pump, class Ready>
void Wakeups::hand_back(const Pump& pump, const Ready& ready) {
  pumping_.store(false, std::memory_order_seq_cst);
  if (polls_periodically_.load(std::memory_order_seq_cst)) {
    note_progress();
  } else {
    ipc::change_poller(*words_, ipc::poller_polls, ipc::poller_none);
    while (pump()) {
    }
  }
  recheck_suppression(ready);
}

template <class Pump>
void Wakeups::stop_polling(const Pump& pump) {
  if (!pumping_.load(std::memory_order_seq_cst)) ipc::change_poller(*words_, ipc::poller_polls, ipc::poller_none);
  while (pump()) {
  }
}

template <class Rounds>
void Wakeups::poll_between_callbacks(Rounds&& rounds) {
  bool polled = false;
  while (rounds.any_left() && try_pump()) {  // another that pumps wakes this one for callbacks
    polled = true;
    poll();
    const bool come = rounds.poll();
    let_others_pump();
    if (!come) break;
    rounds.call_back();
    if (has_work() || rounds.is_late() || !rounds.have_called()) break;
  }
  if (polled) stop_polling([&] { return rounds.pump(); });
}

inline bool Wakeups::suppress_wakeups() noexcept {
  if (!polls_periodically_.load(std::memory_order_seq_cst)) return false;
  return ipc::change_poller(*words_, ipc::poller_none, ipc::poller_polls);
}

template <class Ready>
void Wakeups::recheck_suppression(const Ready& ready) {
  if (polls_periodically_.load(std::memory_order_seq_cst)) return;
  if (!pumping_.load(std::memory_order_seq_cst)) ipc::change_poller(*words_, ipc::poller_polls, ipc::poller_none);
  if (ready()) wake_manager();
}

inline void Wakeups::wake_manager() noexcept {
  work_for_manager_.store(true, std::memory_order_seq_cst);
  if (!manager_sleeps_.load(std::memory_order_seq_cst) || ipc::wake_manager_word(*words_)) return;
  // It sleeps although the word does not say so: somebody has just woken it, or a rogue task wrote there.
  words_->manager.fetch_add(2, std::memory_order_seq_cst);
  ipc::futex_wake(words_->manager, 1, true);
}

inline Wakeups::Pace Wakeups::pace() noexcept {
  const std::uint64_t epoch = progress_epoch_.load(std::memory_order_relaxed);
  if (epoch != seen_epoch_) {
    seen_epoch_ = epoch;
    quiet_looks_ = 0;
    polls_periodically_.store(true, std::memory_order_seq_cst);
    return Pace::has_progressed;
  }
  if (!polls_periodically_.load(std::memory_order_relaxed)) return Pace::quiet;
  if (++quiet_looks_ < pool_timing.quiet_naps) return Pace::polls;
  polls_periodically_.store(false, std::memory_order_seq_cst);
  if (!pumping_.load(std::memory_order_seq_cst)) ipc::change_poller(*words_, ipc::poller_polls, ipc::poller_none);
  return Pace::grew_quiet;
}

template <class Ready>
void Wakeups::sleep_manager(Deadline deadline, const Ready& ready) {
  ipc::Shared<std::uint32_t>& word = words_->manager;
  const std::uint32_t asleep = word.fetch_or(1, std::memory_order_seq_cst) | 1;
  manager_sleeps_.store(true, std::memory_order_seq_cst);
  const bool others_look = ipc::poller_state(*words_) != ipc::poller_none;
  if (!work_for_manager_.exchange(false, std::memory_order_seq_cst) && (others_look || !ready()))
    ipc::futex_wait(word, asleep, deadline, true);
  manager_sleeps_.store(false, std::memory_order_relaxed);  // seen late, it costs a wake-up in vain
  word.fetch_and(~std::uint32_t{1}, std::memory_order_seq_cst);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
