// SPDX-License-Identifier: BSL-1.0
// The protocol of Lock and RLock.
//
//   owner    0                                    free
//            HolderId                             held by that thread
//            … | contended                        somebody may be asleep: whoever frees it wakes one
//            … | inherited                        the holder before ended while it held
//   wakeups  what sleepers sleep on; counts how often a contended lock was freed
//   depth    how often the holder has acquired it beyond the first time; the holder's alone, 0 when the lock is free
//
// acquire  owner: 0 → self, or a dead holder → self | inherited. Whoever has slept keeps `contended`, since others may
//          sleep still.
// wait     reads wakeups, then sets `contended` on the holder that it saw, then sleeps while wakeups is as it was: a
//          release in between has changed it.
// release  owner: self → 0 in one step, which fails where the word says more or the caller is not the holder; if it was
//          contended, wakeups + 1 and one woken.
//
// Killed before owner is free: the kernel marks the holder's slot, and who waits or comes next takes the lock over from
// the dead. Killed after that and before the wake-up, or woken and killed before it could acquire: the lock is free,
// and those asleep find it at their next look. A holder that is stopped keeps everybody out, as it must.
#pragma once

#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/holder_table.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {

/// What became of an attempt to acquire.
enum class Acquired {
  no,         ///< not held: the time is over
  yes,        ///< held
  owner_died  ///< held, and the holder before ended while it held: what the lock guards may be half changed
};

namespace detail {

struct LockWord {
  static constexpr std::uint64_t expected_kind = 0x31'6b'63'6f'6c'66'63'63;  // "ccflock1"
  static constexpr std::uint64_t contended = std::uint64_t(1) << 63U;
  static constexpr std::uint64_t inherited = std::uint64_t(1) << 62U;

  std::uint64_t kind;
  std::atomic<std::uint64_t> owner;
  std::atomic<std::uint32_t> wakeups;
  std::uint32_t depth;

  static HolderId holder(std::uint64_t word) noexcept { return word & holder_bits; }
  bool is_held_by(HolderId self) const noexcept { return holder(owner.load(std::memory_order_relaxed)) == self; }

  /// One attempt; `keep` is `contended` when the caller has slept. Sets `seen` to who holds it.
  Acquired try_acquire(const HolderTable& holders, HolderId self, std::uint64_t keep, std::uint64_t& seen) noexcept {
    seen = owner.load(std::memory_order_relaxed);
    for (;;) {
      const bool free = holder(seen) == 0;
      if (!free && holders.is_alive(holder(seen))) return Acquired::no;
      const std::uint64_t mine = self | keep | (free ? 0 : inherited | (seen & contended));
      if (owner.compare_exchange_weak(seen, mine, std::memory_order_acquire, std::memory_order_relaxed)) {
        if (free) return Acquired::yes;
        depth = 0;
        return Acquired::owner_died;
      }
    }
  }

  /// Holds it if it is free, in one step.
  bool acquire_free(HolderId self) noexcept {
    std::uint64_t seen = 0;
    return owner.compare_exchange_strong(seen, self, std::memory_order_acquire, std::memory_order_relaxed);
  }
  /// The caller does not hold it.
  Acquired acquire(const HolderTable& holders, HolderId self, Deadline deadline) noexcept {
    return acquire_free(self) ? Acquired::yes : wait_to_acquire(holders, self, deadline);
  }

  Acquired wait_to_acquire(const HolderTable& holders, HolderId self, Deadline deadline) noexcept {
    std::uint64_t seen = 0;
    std::uint64_t keep = 0;
    Backoff backoff(longest_spin);
    for (;;) {
      const std::uint32_t woken = wakeups.load(std::memory_order_acquire);
      if (const Acquired acquired = try_acquire(holders, self, keep, seen); acquired != Acquired::no) return acquired;
      if (has_passed(deadline)) return Acquired::no;
      if (keep == 0 && backoff.again()) continue;
      if ((seen & contended) == 0 && !owner.compare_exchange_strong(seen, seen | contended, std::memory_order_relaxed))
        continue;
      keep = contended;
      futex_wait(wakeups, woken, next_look_up(deadline), true);
    }
  }

  /// Whether the caller held it, and has freed it.
  bool release(HolderId self) noexcept {
    std::uint64_t seen = self;
    if (owner.compare_exchange_strong(seen, 0, std::memory_order_release, std::memory_order_relaxed)) [[likely]]
      return true;
    if (holder(seen) != self) return false;
    if ((owner.exchange(0, std::memory_order_release) & contended) != 0) {
      wakeups.fetch_add(1, std::memory_order_release);
      futex_wake(wakeups, 1, true);
    }
    return true;
  }

 private:
  // Nanoseconds, of one wait; all together are less than twice as long: less than a sleep and a wake-up cost.
  static constexpr std::int64_t longest_spin = 2'000;
};
static_assert(sizeof(LockWord) == 24 && std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
