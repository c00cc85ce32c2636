// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/lock_word.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>
#include <concurrent/multiprocessing/errors.hpp>

#include <atomic>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

inline int checked_permits(int n, int least, const char* what) {
  if (n >= least) return n;
  throw std::invalid_argument("concurrent::multiprocessing: the " + std::string(what) + " of a semaphore is " +
                              std::to_string(n) + ". It must be at least " + std::to_string(least) + ".");
}

/// A count, and whether somebody may be asleep because it was 0 (the sign bit). A release takes the bit away and wakes
/// as many as it raises the count by; one that follows before these have set the bit again wakes nobody, so whoever has
/// slept wakes another if there is more to take. Killed between a release and its wake-up, or after having been woken
/// and before the count was taken: those asleep find it at their next look.
struct SemaphoreWord {
  static constexpr std::uint64_t expected_kind = 0x31'61'6d'65'73'66'63'63;  // "ccfsema1"
  static constexpr std::uint32_t sleepers = 1U << 31U;

  std::uint64_t kind;
  std::atomic<std::uint32_t> word;
};

/// Bounded: each permit is a cell that holds the HolderId of the thread that took it, so that a dead one's is free.
/// Those who have slept wake others as those of a Semaphore do.
struct BoundedSemaphoreWords {
  static constexpr std::uint64_t expected_kind = 0x31'75'6f'62'73'66'63'63;  // "ccfsbou1"

  std::uint64_t kind;
  std::atomic<std::uint32_t> wakeups;   // what sleepers sleep on; counts releases that found some
  std::atomic<std::uint32_t> sleepers;  // 1: somebody may be asleep
};

}  // namespace detail

/// A count between processes that one raises and another takes: for signals, as between producers and consumers. A
/// handle, whose copies mean the same count, and that may be a task's argument or result.
///
/// It belongs to nobody: any thread may raise it, and what one took that was killed stays taken. For resources that
/// must come back, take BoundedSemaphore. A death harms nobody else: who waits is woken, or finds out within 5 ms.
///
/// Threads: any, at once.
/// Python: `multiprocessing.Semaphore`.
class Semaphore {
 public:
  /// Throws: std::invalid_argument when value < 0; std::system_error when the system has no room or no descriptor.
  explicit Semaphore(int value = 1) {
    state_->word = static_cast<std::uint32_t>(detail::checked_permits(value, 0, "value"));
  }

  /// Takes one, when there is one. Never returns Acquired::no. Blocks: until then, asleep.
  Acquired acquire() const noexcept { return acquire_until((detail::Deadline::max)()); }
  /// Takes one if there is one now.
  [[nodiscard]] Acquired try_acquire() const noexcept { return take(0) ? Acquired::yes : Acquired::no; }
  /// Waits for at most `timeout`; 0 or less is an attempt. Blocks: for that long at most, asleep.
  template <class Rep, class Period>
  [[nodiscard]] Acquired acquire_for(const std::chrono::duration<Rep, Period>& timeout) const noexcept {
    return acquire_until(detail::deadline_after(timeout));
  }
  /// Raises the count by n, also above its first value, and wakes as many who wait.
  /// Throws: std::invalid_argument when n < 1 or the count would exceed that of an int.
  void release(int n = 1) const {
    const auto more = static_cast<std::uint32_t>(detail::checked_permits(n, 1, "number of releases"));
    std::atomic<std::uint32_t>& word = state_->word;
    std::uint32_t seen = word.load(std::memory_order_relaxed);
    do {
      if ((seen & ~Word::sleepers) + more > static_cast<std::uint32_t>(INT_MAX)) {
        throw std::invalid_argument("concurrent::multiprocessing: a semaphore of " +
                                    std::to_string(seen & ~Word::sleepers) + " cannot be raised by " +
                                    std::to_string(n) + ". Its value must stay within an int.");
      }
    } while (!word.compare_exchange_weak(seen, (seen & ~Word::sleepers) + more, std::memory_order_release,
                                         std::memory_order_relaxed));
    if ((seen & Word::sleepers) != 0) detail::futex_wake(word, n, true);
  }
  /// The count, at this moment.
  int value() const noexcept {
    return static_cast<int>(state_->word.load(std::memory_order_relaxed) & ~Word::sleepers);
  }

  // As a standard mutex, for std::lock_guard and std::unique_lock.
  /// `acquire`, for std::unique_lock.
  void lock() const noexcept { static_cast<void>(acquire()); }
  /// `try_acquire`, for std::unique_lock.
  [[nodiscard]] bool try_lock() const noexcept { return try_acquire() != Acquired::no; }
  /// `acquire_for`, for std::unique_lock.
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) const noexcept {
    return acquire_for(timeout) != Acquired::no;
  }
  /// `release`, for std::unique_lock.
  void unlock() const { release(); }

  /// Whether both are the same semaphore.
  friend bool operator==(const Semaphore&, const Semaphore&) noexcept = default;

 private:
  friend struct pickle::Pickler<Semaphore>;
  using Word = detail::SemaphoreWord;
  explicit Semaphore(detail::SharedRecord<Word> state) noexcept : state_(std::move(state)) {}

  /// `keep`: Word::sleepers when the caller has slept, since others may sleep still.
  bool take(std::uint32_t keep) const noexcept {
    std::uint32_t seen = state_->word.load(std::memory_order_relaxed);
    while ((seen & ~Word::sleepers) != 0) {
      if (state_->word.compare_exchange_weak(seen, (seen - 1) | keep, std::memory_order_acquire,
                                             std::memory_order_relaxed)) {
        if (keep != 0 && (seen & ~Word::sleepers) > 1) detail::futex_wake(state_->word, 1, true);
        return true;
      }
    }
    return false;
  }
  Acquired acquire_until(detail::Deadline deadline) const noexcept {
    std::uint32_t keep = 0;
    for (;;) {
      if (take(keep)) return Acquired::yes;
      if (detail::has_passed(deadline)) return Acquired::no;
      std::uint32_t none = 0;
      if (state_->word.compare_exchange_strong(none, Word::sleepers, std::memory_order_relaxed) ||
          none == Word::sleepers) {
        keep = Word::sleepers;
        detail::futex_wait(state_->word, Word::sleepers, detail::next_look_up(deadline), true);
      }
    }
  }

  detail::SharedRecord<Word> state_;
};

/// A number of permits between processes, for resources: a permit belongs to the thread that took it, and comes back
/// when that thread or its process ends, however it does. A handle, whose copies mean the same permits, and that may be
/// a task's argument or result.
///
/// A death is found within 5 ms by those who wait, and at once by who comes next. The time that acquire and value take
/// grows with the number of permits.
///
/// Threads: any, at once.
/// Python: `multiprocessing.BoundedSemaphore`; but that one is a bare count, which the dead keep.
class BoundedSemaphore {
 public:
  /// The most permits that one can have.
  static constexpr int most_permits = 1 << 16;

  /// Throws: std::invalid_argument when value is less than 0 or more than most_permits; std::system_error when the
  /// system has no room or no descriptor.
  explicit BoundedSemaphore(int value = 1) : state_(bytes_for(value)) {}

  /// Takes a permit, when there is one. Never returns Acquired::no; Acquired::owner_died when the permit was that of a
  /// thread that ended while it held it.
  /// Throws: RuntimeError when too many threads use locks. Blocks: until then, asleep.
  Acquired acquire() const { return acquire_until((detail::Deadline::max)()); }
  /// Takes a permit if there is one now. Throws: as acquire.
  [[nodiscard]] Acquired try_acquire() const { return take(state_.self()); }
  /// Waits for at most `timeout`; 0 or less is an attempt. Throws: as acquire. Blocks: for that long at most, asleep.
  template <class Rep, class Period>
  [[nodiscard]] Acquired acquire_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return acquire_until(detail::deadline_after(timeout));
  }
  /// Gives back n permits that the calling thread has taken.
  /// Throws: RuntimeError when it has not as many, and then gives back none; std::invalid_argument when n < 1.
  void release(int n = 1) const {
    detail::checked_permits(n, 1, "number of releases");
    const detail::HolderId self = state_.self();
    std::uint32_t held = 0;
    for (std::uint32_t i = 0; i < permits(); ++i) held += cell(i).load(std::memory_order_relaxed) == self ? 1U : 0U;
    if (held < static_cast<std::uint32_t>(n)) {
      throw RuntimeError("concurrent::multiprocessing: the calling thread gives back " + std::to_string(n) +
                         " permits of a BoundedSemaphore and holds " + std::to_string(held) +
                         ". Give back what this thread has acquired.");
    }
    int left = n;
    for (std::uint32_t i = 0; left != 0; ++i) {
      if (cell(i).load(std::memory_order_relaxed) != self) continue;
      cell(i).store(0, std::memory_order_seq_cst);
      --left;
    }
    if (state_->sleepers.exchange(0, std::memory_order_seq_cst) != 0) wake(n);
  }
  /// How many permits there are to take, at this moment.
  int value() const noexcept { return free_permits(std::memory_order_relaxed); }

  // As a standard mutex, for std::lock_guard and std::unique_lock.
  /// `acquire`, for std::unique_lock.
  void lock() const { static_cast<void>(acquire()); }
  /// `try_acquire`, for std::unique_lock.
  [[nodiscard]] bool try_lock() const { return try_acquire() != Acquired::no; }
  /// `acquire_for`, for std::unique_lock.
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return acquire_for(timeout) != Acquired::no;
  }
  /// `release`, for std::unique_lock.
  void unlock() const { release(); }

  /// Whether both are the same semaphore.
  friend bool operator==(const BoundedSemaphore&, const BoundedSemaphore&) noexcept = default;

 private:
  friend struct pickle::Pickler<BoundedSemaphore>;
  using Words = detail::BoundedSemaphoreWords;
  using Cell = std::atomic<std::uint64_t>;
  explicit BoundedSemaphore(detail::SharedRecord<Words> state) noexcept : state_(std::move(state)) {}

  static std::size_t bytes_for(int value) {
    detail::checked_permits(value, 0, "value");
    if (value > most_permits) {
      throw std::invalid_argument("concurrent::multiprocessing: the value of a BoundedSemaphore is " +
                                  std::to_string(value) + ". It must be at most " + std::to_string(most_permits) + ".");
    }
    return static_cast<std::size_t>(value) * sizeof(Cell);
  }
  std::uint32_t permits() const noexcept { return static_cast<std::uint32_t>(state_.extra_size() / sizeof(Cell)); }
  Cell& cell(std::uint32_t i) const noexcept {
    return *std::launder(reinterpret_cast<Cell*>(state_.extra() + i * sizeof(Cell)));
  }
  void wake(int count) const noexcept {
    state_->wakeups.fetch_add(1, std::memory_order_release);
    detail::futex_wake(state_->wakeups, count, true);
  }
  int free_permits(std::memory_order order) const noexcept {
    int free = 0;
    for (std::uint32_t i = 0; i < permits(); ++i) free += is_free(cell(i).load(order)) ? 1 : 0;
    return free;
  }
  bool is_free(detail::HolderId id) const noexcept { return id == 0 || !state_.holders().is_alive(id); }

  Acquired take(detail::HolderId self) const noexcept {
    for (std::uint32_t i = 0; i < permits(); ++i) {
      std::uint64_t seen = cell(i).load(std::memory_order_seq_cst);
      while (is_free(seen)) {
        if (cell(i).compare_exchange_weak(seen, self, std::memory_order_acquire, std::memory_order_relaxed))
          return seen == 0 ? Acquired::yes : Acquired::owner_died;
      }
    }
    return Acquired::no;
  }
  Acquired acquire_until(detail::Deadline deadline) const {
    const detail::HolderId self = state_.self();
    bool slept = false;
    for (;;) {
      const std::uint32_t woken = state_->wakeups.load(std::memory_order_acquire);
      Acquired taken = take(self);
      if (taken == Acquired::no && !detail::has_passed(deadline)) {
        state_->sleepers.store(1, std::memory_order_seq_cst);  // then look again: a release in between saw nobody
        taken = take(self);
      } else if (taken != Acquired::no && slept) {
        state_->sleepers.store(1, std::memory_order_seq_cst);       // others may sleep still
        if (free_permits(std::memory_order_seq_cst) != 0) wake(1);  // a release in between saw nobody
      }
      if (taken != Acquired::no || detail::has_passed(deadline)) return taken;
      detail::futex_wait(state_->wakeups, woken, detail::next_look_up(deadline), true);
      slept = true;
    }
  }

  detail::SharedRecord<Words> state_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to the semaphore: the copy means the same one.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it;
/// std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Semaphore> {
  using Semaphore = concurrent::multiprocessing::Semaphore;
  static void dump(Writer& writer, const Semaphore& semaphore) { semaphore.state_.dump(writer); }
  static Semaphore load(Reader& reader) { return Semaphore(decltype(Semaphore::state_)::load(reader)); }
};

/// As of Semaphore.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::BoundedSemaphore> {
  using BoundedSemaphore = concurrent::multiprocessing::BoundedSemaphore;
  static void dump(Writer& writer, const BoundedSemaphore& semaphore) { semaphore.state_.dump(writer); }
  static BoundedSemaphore load(Reader& reader) {
    return BoundedSemaphore(decltype(BoundedSemaphore::state_)::load(reader));
  }
};
