// SPDX-License-Identifier: BSL-1.0
// The protocol of Condition. Each waiter has a cell, which it takes and gives back while it holds the lock.
//
//   holder  0 or one that has ended: the cell is free; otherwise who waits
//   word    ticket (30 bits: the order of waiting) and state (2 bits), what the waiter sleeps on:
//             idle → waiting    the waiter, with the lock
//             waiting → notified    a notifier, or a waiter that passes on what a dead one had been told
//             waiting → idle    the waiter, when its time is over: then it was not notified
//             notified → idle   the waiter, when it has the lock again; or, if it has ended, whoever passes it on
//
// Every change of state is a compare-and-swap, so a notification belongs to exactly one cell. A notifier that is killed
// before it could wake the one that it notified leaves that one to its next look; one that was notified and killed
// before it had the lock again leaves a cell with a dead holder, and the notification goes to another waiter, at that
// one's next look or with the next notify.
//
// Who waits and who notifies hold the lock, which orders all that they do. Only who looks for the dead while it waits
// does not: it sees all who waited when the dead one was notified, since it takes over what that notifier saw; and the
// life of who has a cell, or what was done with the cell before it was free, with its holder. The words themselves are
// numbers that a compare-and-swap looks at again.
#pragma once

#include <concurrent/multiprocessing/lock.hpp>

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

struct ConditionCell {
  enum State : std::uint32_t { idle = 0, waiting = 1, notified = 2, state_bits = 3 };
  std::atomic<std::uint64_t> holder;
  std::atomic<std::uint32_t> word;
  std::uint32_t reserved;
};

struct ConditionWords {
  static constexpr std::uint64_t expected_kind = 0x31'64'6e'6f'63'66'63'63;  // "ccfcond1"
  static constexpr std::uint32_t cells = 2048;
  static constexpr Touched touched = Touched::sparsely;  // as many cells as there were waiters at a time

  std::uint64_t kind;
  std::atomic<std::uint32_t> used;  // cells from this one on were never taken
  std::uint32_t next_ticket;        // the lock's holder's
  ConditionCell cell[cells];
};

}  // namespace detail

/// Lets threads of any processes that hold a lock wait until another says that something has changed. A handle, whose
/// copies mean the same condition, and that may be a task's argument or result.
///
/// It has a lock, which `acquire` and its siblings are those of: the one that it was made with, or an RLock of its own.
/// Wait in a loop, or with a predicate. A notification that a killed process was given goes to another waiter within
/// 5 ms; one that waits can learn from owner_died() that the lock came from a dead holder. No notify ever blocks.
///
/// Threads: any, at once; at most 2048 wait at a time.
/// Python: `multiprocessing.Condition`.
class Condition {
 public:
  /// With an RLock of its own.
  /// Throws: std::system_error when the system has no room or no descriptor.
  Condition() : Condition(RLock()) {}
  /// With that lock.
  explicit Condition(const Lock& lock) : lock_(lock) {}
  /// With that lock.
  explicit Condition(const RLock& lock) : lock_(lock) {}

  // The lock's own: see Lock and RLock.
  /// The lock's `acquire`.
  Acquired acquire() const { return lock_.acquire(); }
  /// The lock's `try_acquire`.
  [[nodiscard]] Acquired try_acquire() const { return lock_.try_acquire(); }
  /// The lock's `acquire_for`.
  template <class Rep, class Period>
  [[nodiscard]] Acquired acquire_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return lock_.acquire_for(timeout);
  }
  /// The lock's `release`.
  void release() const { lock_.release(); }
  /// The lock's `lock`.
  void lock() const { lock_.lock(); }
  /// The lock's `try_lock`.
  [[nodiscard]] bool try_lock() const { return lock_.try_lock(); }
  /// The lock's `try_lock_for`.
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return lock_.try_lock_for(timeout);
  }
  /// The lock's `unlock`.
  void unlock() const { lock_.release(); }
  /// The lock's `owner_died`.
  bool owner_died() const { return lock_.owner_died(); }
  /// The lock's `locked`.
  bool locked() const noexcept { return lock_.locked(); }

  /// Gives the lock back, all levels of it, waits until notified, and holds it again as before.
  /// Throws: RuntimeError when the calling thread does not hold the lock, or 2048 wait already. Blocks: until then.
  void wait() const { static_cast<void>(wait_until((detail::Deadline::max)())); }
  /// As wait, for at most `timeout`: returns whether it was notified. Holds the lock again either way, for which it may
  /// wait longer.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return wait_until(detail::deadline_after(timeout));
  }
  /// Waits until predicate() is true, which it asks while it holds the lock.
  template <class Predicate>
    requires std::is_invocable_r_v<bool, Predicate&>
  void wait(Predicate predicate) const {
    check_held("waits for");
    while (!predicate()) wait();
  }
  /// As that, for at most `timeout`: returns what the predicate said last.
  template <class Predicate, class Rep, class Period>
    requires std::is_invocable_r_v<bool, Predicate&>
  [[nodiscard]] bool wait_for(Predicate predicate, const std::chrono::duration<Rep, Period>& timeout) const {
    check_held("waits for");
    const detail::Deadline deadline = detail::deadline_after(timeout);
    for (;;) {
      if (predicate()) return true;
      if (!wait_until(deadline) && detail::has_passed(deadline)) return predicate();
    }
  }

  /// Wakes n of those who wait, those that have waited longest; fewer if fewer wait. They go on when they get the lock.
  /// Throws: RuntimeError when the calling thread does not hold the lock; std::invalid_argument when n < 0.
  void notify(int n = 1) const {
    check_held("notifies");
    if (n < 0) {
      throw std::invalid_argument("concurrent::multiprocessing: " + std::to_string(n) +
                                  " waiters of a condition cannot be woken. Use 0 or more.");
    }
    tell(n);
  }
  /// Wakes all who wait. Throws: RuntimeError when the calling thread does not hold the lock.
  void notify_all() const { notify(INT_MAX); }

  /// Whether both are the same condition.
  friend bool operator==(const Condition& a, const Condition& b) noexcept { return a.state_ == b.state_; }

 private:
  friend struct pickle::Pickler<Condition>;
  using Words = detail::ConditionWords;
  using Cell = detail::ConditionCell;
  Condition(detail::SharedRecord<Words> state, detail::BasicLock lock) noexcept
      : state_(std::move(state)), lock_(std::move(lock)) {}
  detail::LockWord& word() const noexcept { return lock_.state_.record(); }

  void check_held(const char* what) const {
    if (word().is_held_by(lock_.state_.self())) return;
    throw RuntimeError(std::string("concurrent::multiprocessing: the calling thread ") + what +
                       " a condition whose lock it does not hold. Acquire it first.");
  }
  bool is_gone(const Cell& cell) const noexcept {
    const detail::HolderId id = cell.holder.load(std::memory_order_acquire);
    return id == 0 || !state_.holders().is_alive(id);
  }
  /// Takes the notification that a dead one had been given. True for one caller.
  static bool inherit(Cell& cell) noexcept {
    std::uint32_t seen = cell.word.load(std::memory_order_relaxed);
    return (seen & Cell::state_bits) == Cell::notified &&
           cell.word.compare_exchange_strong(seen, seen & ~std::uint32_t(Cell::state_bits), std::memory_order_acquire);
  }
  /// Notifies up to n, the longest waiting first, and passes on what the dead were told.
  void tell(int n) const noexcept {
    while (n > 0) {
      Cell* first = nullptr;
      std::uint32_t first_seen = 0;
      for (std::uint32_t i = 0, used = state_->used.load(std::memory_order_relaxed); i < used; ++i) {
        Cell& cell = state_->cell[i];
        if (is_gone(cell)) {
          if (inherit(cell) && n != INT_MAX) ++n;
          continue;
        }
        const std::uint32_t seen = cell.word.load(std::memory_order_relaxed);
        if ((seen & Cell::state_bits) != Cell::waiting) continue;
        if (first == nullptr || static_cast<std::int32_t>(seen - first_seen) < 0) first = &cell, first_seen = seen;
      }
      if (first == nullptr) return;
      if (!first->word.compare_exchange_strong(first_seen, first_seen - Cell::waiting + Cell::notified,
                                               std::memory_order_release))
        continue;  // its time was over at this moment
      detail::futex_wake(first->word, 1, true);
      if (n != INT_MAX) --n;
    }
  }
  Cell& take_cell(detail::HolderId self) const {
    for (std::uint32_t i = 0; i < Words::cells; ++i) {
      Cell& cell = state_->cell[i];
      if (i >= state_->used.load(std::memory_order_relaxed)) state_->used.store(i + 1, std::memory_order_relaxed);
      if (!is_gone(cell)) continue;
      if (inherit(cell)) tell(1);
      cell.holder.store(self, std::memory_order_release);
      cell.word.store((state_->next_ticket++ << 2U) | Cell::waiting, std::memory_order_relaxed);
      return cell;
    }
    throw RuntimeError("concurrent::multiprocessing: " + std::to_string(Words::cells) +
                       " threads wait for one condition already. Use fewer.");
  }
  /// Sleeps until the cell is notified. False: its time was over first.
  bool sleep(Cell& cell, detail::Deadline deadline) const noexcept {
    for (;;) {
      std::uint32_t seen = cell.word.load(std::memory_order_relaxed);
      if ((seen & Cell::state_bits) != Cell::waiting) return true;
      if (detail::has_passed(deadline)) {
        return !cell.word.compare_exchange_strong(seen, seen & ~std::uint32_t(Cell::state_bits),
                                                  std::memory_order_relaxed);
      }
      if (!detail::futex_wait(cell.word, seen, detail::next_look_up(deadline), true)) {
        for (std::uint32_t i = 0, used = state_->used.load(std::memory_order_relaxed); i < used; ++i) {
          if (is_gone(state_->cell[i]) && inherit(state_->cell[i])) tell(1);
        }
      }
    }
  }
  bool wait_until(detail::Deadline deadline) const {
    check_held("waits for");
    const detail::HolderId self = lock_.state_.self();
    Cell& cell = take_cell(state_.self());
    const std::uint32_t depth = word().depth;
    word().depth = 0;
    word().release(self);
    const bool told = sleep(cell, deadline);
    static_cast<void>(word().acquire(lock_.state_.holders(), self, (detail::Deadline::max)()));
    word().depth = depth;
    cell.word.fetch_and(~std::uint32_t(Cell::state_bits), std::memory_order_relaxed);
    cell.holder.store(0, std::memory_order_release);
    return told;
  }

  detail::SharedRecord<Words> state_;
  detail::BasicLock lock_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to the condition and to its lock: the copy means the same ones.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it;
/// std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Condition> {
  using Condition = concurrent::multiprocessing::Condition;
  static void dump(Writer& writer, const Condition& condition) {
    condition.state_.dump(writer);
    condition.lock_.state_.dump(writer);
    writer.put(static_cast<unsigned char>(condition.lock_.recursive_));
  }
  static Condition load(Reader& reader) {
    using Lock = concurrent::multiprocessing::detail::BasicLock;
    auto state = decltype(Condition::state_)::load(reader);
    auto lock = decltype(Lock::state_)::load(reader);
    const auto recursive = reader.get_once<unsigned char>();
    if (recursive > 1) reader.refuse("the kind of a condition's lock is " + std::to_string(recursive));
    return Condition(std::move(state), Lock(std::move(lock), recursive != 0));
  }
};
