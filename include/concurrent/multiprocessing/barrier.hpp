// SPDX-License-Identifier: BSL-1.0
// The protocol of Barrier. A pass is a generation. Who arrives writes itself into a free cell of the generation's bank
// (even and odd ones have one each); a cell of an older generation is free. So nothing need be cleared, and what has
// arrived can be told from the cells alone, whoever dies where. A cell's generation only grows: who comes with one that
// others have left behind finds newer ones in the cells and looks at the phase again. So a generation that has passed
// had no cell free, and whoever has written a cell of it was of those that it counted.
//
//   cell    who arrived (38 bits: slot and life of its HolderId) and in which generation (26 bits)
//   phase   the generation (26 bits), whether it is broken (1), the last one that ended without a pass (26), and of the
//           last 11 generations whether each ended by a pass; each change is one compare-and-swap, so that all see the
//           same outcome. Who sleeps through thousands of passes knows its own: it is newer than the last that was none
//   wakeups what sleepers sleep on; counts the changes
//
// Who sees all cells filled, and all alive who filled them, writes the pass: the last that arrived, or, while that has
// not done so, any other. Who finds a dead one among those who have arrived breaks the barrier. What is written first
// holds: one that dies after the pass was written has passed.
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/exception_registry.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
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

struct BarrierWords {
  static constexpr std::uint64_t expected_kind = 0x32'72'72'61'62'66'63'63;  // "ccfbarr2"

  std::uint64_t kind;
  std::atomic<std::uint64_t> phase;
  std::atomic<std::uint32_t> wakeups;
  std::uint32_t parties;
};

}  // namespace detail

/// A place where a number of threads of any processes wait until all have come. A handle, whose copies mean the same
/// barrier, and that may be a task's argument or result.
///
/// It is broken, for all who wait and for all who come later, by a timeout, by abort(), and within 5 ms by the death of
/// one who waits; reset() mends it. Nobody can know of one that ends before it arrives: for that use wait_for. A pass
/// that is complete stands, whoever dies after it; but whoever sleeps through it, ten more and a reset is told that it
/// was broken. More threads may use it than there are parties: the first so many that come make a pass.
///
/// Threads: any, at once.
/// Python: `multiprocessing.Barrier`, without its action: whoever gets 0 from wait() can do something, but when the
/// others may be on their way already.
class Barrier {
 public:
  /// The most that one can wait for.
  static constexpr int most_parties = 4096;

  /// Throws: std::invalid_argument when parties is less than 1 or more than most_parties; std::system_error when the
  /// system has no room or no descriptor.
  explicit Barrier(int parties) : state_(2 * static_cast<std::size_t>(checked(parties)) * sizeof(Cell)) {
    state_->parties = static_cast<std::uint32_t>(parties);
    for (std::uint32_t i = 0; i < 2 * state_->parties; ++i) {
      // Of a generation before the first.
      cell(0, i).store(std::uint64_t(generation_bits) << 38U, std::memory_order_relaxed);
    }
    state_->phase.store(std::uint64_t(generation_bits) << unpassed_at, std::memory_order_relaxed);
  }

  /// Waits until as many as there are parties have called this. Returns a number from 0 to parties - 1, a different one
  /// for each.
  /// Throws: BrokenBarrierError. Blocks: until then, asleep.
  int wait() const { return wait_until((detail::Deadline::max)()); }
  /// As wait, but breaks the barrier when `timeout` has passed first.
  template <class Rep, class Period>
  int wait_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return wait_until(detail::deadline_after(timeout));
  }
  /// Makes the barrier as new. Those who wait get BrokenBarrierError.
  void reset() const noexcept {
    for (std::uint64_t phase = load();;) {
      if (!is_broken(phase) && end_if_full(phase)) {
        phase = load();
      } else if (const std::uint32_t fresh = generation(phase) + 1; change(phase, next(phase, false))) {
        if (fresh % (half / 32) == 0) refresh(fresh & generation_bits);
        return;
      }
    }
  }
  /// Breaks the barrier.
  void abort() const noexcept {
    for (std::uint64_t phase = load(); !is_broken(phase) && !change(phase, phase | broken_bit);) {
    }
  }
  /// Whether it is broken.
  bool broken() const noexcept {
    for (std::uint64_t phase = load(); !is_broken(phase);) {
      if (!one_has_died(generation(phase))) return false;
      change(phase, phase | broken_bit);
    }
    return true;
  }
  /// How many have to wait before all go on. Python: Barrier.parties.
  int parties() const noexcept { return static_cast<int>(state_->parties); }
  /// How many wait, at this moment.
  int n_waiting() const noexcept {
    const int waiting = broken() ? 0 : arrived(generation(load()));
    return waiting == parties() ? 0 : waiting;
  }

  /// Whether both are the same barrier.
  friend bool operator==(const Barrier&, const Barrier&) noexcept = default;

 private:
  friend struct pickle::Pickler<Barrier>;
  using Words = detail::BarrierWords;
  using Cell = std::atomic<std::uint64_t>;
  explicit Barrier(detail::SharedRecord<Words> state) noexcept : state_(std::move(state)) {}

  static constexpr std::uint32_t generation_bits = (1U << 26U) - 1;
  static constexpr std::uint64_t broken_bit = std::uint64_t(1) << 26U;
  static constexpr unsigned unpassed_at = 27;
  static constexpr unsigned history_at = 53;
  static constexpr std::uint32_t history_length = 64 - history_at;
  static constexpr std::uint32_t half = (generation_bits + 1) / 2;  // so much newer counts as older

  static int checked(int parties) {
    if (parties >= 1 && parties <= most_parties) return parties;
    throw std::invalid_argument("concurrent::multiprocessing: the number of parties of a barrier is " +
                                std::to_string(parties) + ". It must be from 1 to " + std::to_string(most_parties) +
                                ".");
  }
  static std::uint32_t generation(std::uint64_t phase) noexcept {
    return static_cast<std::uint32_t>(phase & generation_bits);
  }
  static bool is_broken(std::uint64_t phase) noexcept { return (phase & broken_bit) != 0; }
  static std::uint32_t last_unpassed(std::uint64_t phase) noexcept {
    return static_cast<std::uint32_t>(phase >> unpassed_at) & generation_bits;
  }
  /// How many generations there are from one to the other.
  static std::uint32_t distance(std::uint32_t from, std::uint32_t to) noexcept { return (to - from) & generation_bits; }
  static std::uint64_t next(std::uint64_t phase, bool passed) noexcept {
    const std::uint32_t its = generation(phase);
    std::uint64_t unpassed = passed ? last_unpassed(phase) : its;
    if (distance(static_cast<std::uint32_t>(unpassed), its) >= half) unpassed = (its - half + 1) & generation_bits;
    const std::uint64_t history = ((phase >> history_at) << 1U | (passed ? 1U : 0U)) << history_at;
    return history | unpassed << unpassed_at | ((its + 1) & generation_bits);
  }
  std::uint64_t load() const noexcept { return state_->phase.load(std::memory_order_acquire); }
  /// Updates `phase` when it was no longer that.
  bool change(std::uint64_t& phase, std::uint64_t desired) const noexcept {
    if (!state_->phase.compare_exchange_strong(phase, desired, std::memory_order_release, std::memory_order_relaxed))
      return false;
    state_->wakeups.fetch_add(1, std::memory_order_release);
    detail::futex_wake(state_->wakeups, INT_MAX, true);
    return true;
  }
  /// Ends the generation when all have come: by a pass, or broken where one of them has died. False: not all have.
  bool end_if_full(std::uint64_t phase) const noexcept {
    const std::uint32_t its = generation(phase);
    if (arrived(its) != parties()) return false;
    change(phase, one_has_died(its) ? phase | broken_bit : next(phase, true));
    return true;
  }

  Cell& cell(std::uint32_t generation, std::uint32_t i) const noexcept {
    const std::size_t at = (generation % 2) * std::size_t(state_->parties) + i;
    return *std::launder(reinterpret_cast<Cell*>(state_.extra() + at * sizeof(Cell)));
  }
  static std::uint32_t tag(std::uint64_t cell) noexcept { return static_cast<std::uint32_t>(cell >> 38U); }
  /// What those did before is not seen yet: one_has_died() looks at the cells again.
  int arrived(std::uint32_t generation) const noexcept {
    int count = 0;
    for (std::uint32_t i = 0; i < state_->parties; ++i)
      count += tag(cell(generation, i).load(std::memory_order_relaxed)) == generation ? 1 : 0;
    return count;
  }
  bool one_has_died(std::uint32_t generation) const noexcept {
    for (std::uint32_t i = 0; i < state_->parties; ++i) {
      const std::uint64_t seen = cell(generation, i).load(std::memory_order_acquire);
      if (tag(seen) == generation && !state_.holders().is_short_alive(seen & detail::HolderTable::short_bits))
        return true;
    }
    return false;
  }

  /// Cells that nobody has filled for so many resets that they would be taken for newer ones soon become those of the
  /// generation before the last one.
  void refresh(std::uint32_t generation) const noexcept {
    for (std::uint32_t i = 0; i < 2 * state_->parties; ++i) {
      std::uint64_t seen = cell(0, i).load(std::memory_order_relaxed);
      const std::uint32_t age = distance(tag(seen), generation);
      if (age > 2 && age < half)
        cell(0, i).compare_exchange_strong(seen, std::uint64_t(distance(2, generation)) << 38U,
                                           std::memory_order_relaxed);
    }
  }

  /// Takes a cell of that generation. Returns its number; -1: all are taken, in this or a newer generation.
  int arrive(std::uint32_t generation, std::uint64_t self) const noexcept {
    for (std::uint32_t i = 0; i < state_->parties; ++i) {
      std::uint64_t seen = cell(generation, i).load(std::memory_order_relaxed);
      if (tag(seen) == generation) continue;
      if (distance(generation, tag(seen)) < half) return -1;  // left behind
      if (cell(generation, i)
              .compare_exchange_strong(seen, self | std::uint64_t(generation) << 38U, std::memory_order_release))
        return static_cast<int>(i);
      --i;  // look at the same again: it is taken now, or was written by one that came too late
    }
    return -1;
  }

  [[noreturn, gnu::cold]] static void refuse() {
    throw BrokenBarrierError(
        "concurrent::multiprocessing: the barrier is broken: by a timeout, a reset, an abort, or the death of one who "
        "waited. reset() makes it as new.");
  }
  enum class End { pass, none, forgotten };
  /// How the generation ended, when it has: the phase is past it.
  static End end_of(std::uint32_t generation, std::uint64_t phase) noexcept {
    const std::uint32_t now = Barrier::generation(phase);
    if (distance(generation, now) < distance(last_unpassed(phase), now)) return End::pass;
    const std::uint32_t behind = distance(generation, now) - 1;
    if (behind >= history_length) return last_unpassed(phase) == generation ? End::none : End::forgotten;
    return (phase >> (history_at + behind) & 1U) != 0 ? End::pass : End::none;
  }

  int wait_until(detail::Deadline deadline) const {
    const std::uint64_t self = detail::HolderTable::shorten(state_.self());
    for (;;) {
      const std::uint64_t before = load();
      if (is_broken(before)) refuse();
      const std::uint32_t mine = generation(before);
      const int index = arrive(mine, self);
      if (index < 0) {  // full, and nobody has said so yet
        end_if_full(before);
        continue;
      }
      std::uint64_t phase = load();
      if (generation(phase) != mine && end_of(mine, phase) == End::none) continue;  // it was reset before we came
      if (wait_for_end(mine, phase, deadline)) return index;
      refuse();
    }
  }
  bool wait_for_end(std::uint32_t mine, std::uint64_t phase, detail::Deadline deadline) const noexcept {
    for (;;) {
      const std::uint32_t woken = state_->wakeups.load(std::memory_order_acquire);
      phase = load();
      if (generation(phase) != mine) return end_of(mine, phase) == End::pass;
      if (is_broken(phase)) return false;
      if (end_if_full(phase)) continue;
      if (detail::has_passed(deadline) || one_has_died(mine)) {
        change(phase, phase | broken_bit);
      } else {
        detail::futex_wait(state_->wakeups, woken, detail::next_look_up(deadline), true);
      }
    }
  }

  detail::SharedRecord<Words> state_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to the barrier: the copy means the same one.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it;
/// std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Barrier> {
  using Barrier = concurrent::multiprocessing::Barrier;
  static void dump(Writer& writer, const Barrier& barrier) { barrier.state_.dump(writer); }
  static Barrier load(Reader& reader) {
    auto state = decltype(Barrier::state_)::load(reader);
    if (state.extra_size() != 2 * std::size_t(state->parties) * sizeof(std::uint64_t))
      reader.refuse("the shared memory is no Barrier");
    return Barrier(std::move(state));
  }
};
