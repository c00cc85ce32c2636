// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/policy/timing.hpp>
#include <concurrent/futures/detail/pool/deadline.hpp>
#include <concurrent/multiprocessing/detail/layout.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Whom a worker wakes that has published a result: the thread that looks at the rings, or the manager; most often
/// nobody. Needs no lock. Every `ready` says whether some ring has a result. Who else sleeps, and is woken by whom:
///
///   a worker without a call                 CallSender::wake_workers, when calls were enqueued (worker_sleep.hpp)
///   a worker that is to leave               CallSender::wake_worker
///   a worker whose ring is full             ResultReceiver::tell_worker
///   the manager, in sleep_manager()         wake_manager() here; a worker by CallerWords::manager (caller_words.hpp)
///   a thread that waits for a future        the thread that resolves it (future/waiting.hpp)
///   a thread that submits to a full pool    PendingLimit::tell
///   a thread that waits for the pool's end  PoolThreads
///
/// At any time one of these holds:
///  - A thread *pumps*: it waits for a result, and does the manager's work meanwhile. CallerWords::poller says that it
///    polls, or that it sleeps there. `pumping_` makes it the only one.
///  - Wake-ups are *suppressed*: the poller's word says that somebody polls, on the manager's account, which *polls
///    periodically*: it looks every fifth of a millisecond until nothing has happened for a few looks. So neither a
///    program that submits in a loop nor one that takes one result after the other costs a wake-up a task.
///  - Nobody polls, and a worker wakes the manager.
///
/// What keeps a result from being overlooked is one rule: whoever leaves "polls" behind looks at the rings *after* it
/// has changed the word, or knows of a thread that will (layout.hpp has the worker's half). All of these words are
/// sequentially consistent, since each side writes one word and then reads the other's: a worker commits its result and
/// reads the poller's word, a thread here changes the poller's word and reads the rings. With anything weaker both
/// could read what was there before.
class alignas(multiprocessing::detail::cache_line) Wakeups {
 public:
  /// Before any thread uses it. `words` stay where they are.
  void open(multiprocessing::detail::CallerWords& words) noexcept { words_ = &words; }

  // ---- For threads that wait or submit

  bool is_pumped() const noexcept { return pumping_.load(std::memory_order_relaxed); }
  /// From here to hand_back() or let_others_pump() this thread is the one that pumps. False: another is.
  bool try_pump() noexcept { return !pumping_.exchange(true, std::memory_order_seq_cst); }
  /// For the one that pumps: it looks at the rings all the time now.
  void poll() noexcept;
  /// For the one that pumps: sleeps until `word` is not `value` any more, a worker has published, or the deadline has
  /// passed; then it polls. False: the system has no way to wait for two words, and it has not slept.
  template <class Ready>
  bool sleep(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline, const Ready& ready);
  /// It pumps no more, and the rings are the manager's again. `pump` takes what there is, and returns whether there was
  /// anything.
  template <class Pump, class Ready>
  void hand_back(const Pump& pump, const Ready& ready);
  /// For the manager, which calls back what it has pumped and then pumps on: others may meanwhile. If the poller's word
  /// says that somebody polls, it goes on saying so, since the manager is awake; stop_polling() has to follow.
  void let_others_pump() noexcept { pumping_.store(false, std::memory_order_seq_cst); }
  /// It does not pump on: whoever has a result wakes it, unless another thread pumps.
  template <class Pump>
  void stop_polling(const Pump& pump);
  /// For the manager, when callbacks have run: what they wait for next it polls for, stretch by stretch, and calls back
  /// between them. `rounds` has: any_left(), whether a result can come; poll(), one stretch, true if something has
  /// come; call_back(); have_called(), whether that has run anything since this was last asked; is_late(), whether the
  /// manager has other things to do; pump().
  template <class Rounds>
  void poll_between_callbacks(Rounds&& rounds);

  /// What was done just now promises more: the manager is to poll periodically.
  void note_progress() noexcept { progress_epoch_.fetch_add(1, std::memory_order_relaxed); }
  /// True: workers wake nobody from now on, on the manager's account; recheck_suppression() has to follow.
  bool suppress_wakeups() noexcept;
  /// If the manager has stopped polling meanwhile, that is void. Without the pool's lock: it may wake the manager.
  template <class Ready>
  void recheck_suppression(const Ready& ready);

  // ---- For whoever has something for the manager

  void wake_manager() noexcept;

  // ---- For the manager

  enum class Pace : std::uint8_t { quiet, polls, has_progressed, grew_quiet };
  /// How soon it is to look again: at once when it `polls` or things have progressed since it last asked, which it does
  /// once a look.
  Pace pace() noexcept;
  bool polls_periodically() const noexcept { return polls_periodically_.load(std::memory_order_relaxed); }
  /// Somebody has called wake_manager().
  bool has_work() const noexcept { return work_for_manager_.load(std::memory_order_relaxed); }
  /// Until somebody wakes it, or the deadline.
  template <class Ready>
  void sleep_manager(Deadline deadline, const Ready& ready);

 private:
  multiprocessing::detail::CallerWords* words_ = nullptr;
  std::atomic<bool> pumping_{false};
  std::atomic<bool> polls_periodically_{false};
  std::atomic<bool> manager_sleeps_{false};  // what we know ourselves; the shared word is for workers
  std::atomic<bool> work_for_manager_{false};
  std::atomic<std::uint64_t> progress_epoch_{0};
  // The manager's alone; away from what each submit writes.
  alignas(multiprocessing::detail::cache_line) std::uint64_t seen_epoch_ = 0;
  int quiet_looks_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
