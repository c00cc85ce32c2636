// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/shared_value.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {

/// A flag between processes that one sets and any number look at or wait for: a handle, whose copies mean the same
/// flag, and that may be a task's argument. The way to ask running tasks to stop.
///
/// It holds no lock, so a process that is killed in any of its functions keeps nobody else from using it. Looking costs
/// a load; set, a system call only if somebody may be asleep. There may be any number of them: many share one mapping
/// and one descriptor. In messages it lives as SharedMemory does.
///
/// Threads: any, at once.
/// Python: `multiprocessing.Event`; but a wait that was under way when the flag was set returns true also if it was
/// cleared again at once.
class Event {
 public:
  /// Makes an event that is not set.
  /// Throws: std::system_error when the system has no room or no descriptor.
  Event() = default;

  /// Whether somebody has set it.
  bool is_set() const noexcept { return (load() & set_bit) != 0; }

  /// Sets the flag and wakes everybody who waits.
  void set() const noexcept {
    std::uint32_t seen = load();
    // The flag is set, it is one more time that it was, and nobody is asleep.
    while ((seen & set_bit) == 0 &&
           !word_.atomic().compare_exchange_weak(seen, ((seen & ~sleeper_bit) + one_time) | set_bit)) {
    }
    if ((seen & (set_bit | sleeper_bit)) == sleeper_bit) detail::futex_wake(word_.atomic(), INT_MAX, true);
  }

  /// Takes the flag back.
  void clear() const noexcept { word_.atomic().fetch_and(~set_bit); }

  /// Returns when the flag is set.
  /// Blocks: until then, asleep.
  void wait() const noexcept { wait_until((detail::Deadline::max)()); }

  /// Returns true when the flag is set, false when `timeout` has passed first. A timeout of 0 or less just looks.
  /// Blocks: for that long at most, asleep.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(const std::chrono::duration<Rep, Period>& timeout) const noexcept {
    return wait_until(detail::deadline_after(timeout));
  }

 private:
  friend struct pickle::Pickler<Event>;
  explicit Event(const Value<std::uint32_t>& word) noexcept : word_(word) {}

  static constexpr std::uint32_t set_bit = 1;
  static constexpr std::uint32_t sleeper_bit = 2;  // somebody may be asleep
  static constexpr std::uint32_t one_time = 4;     // above: how many times it was set
  /// One who is killed between setting the flag and waking the others would leave them asleep, so they look up.
  static constexpr std::chrono::milliseconds longest_sleep{100};

  std::uint32_t load() const noexcept { return word_.atomic().load(std::memory_order_acquire); }

  bool wait_until(detail::Deadline deadline) const noexcept {
    std::uint32_t seen = load();
    const std::uint32_t times = seen / one_time;
    while ((seen & set_bit) == 0 && seen / one_time == times) {
      if (detail::has_passed(deadline)) return false;
      if ((seen & sleeper_bit) == 0 && !word_.atomic().compare_exchange_weak(seen, seen | sleeper_bit)) continue;
      detail::futex_wait(word_.atomic(), seen | sleeper_bit,
                         (std::min)(deadline, std::chrono::steady_clock::now() + longest_sleep), true);
      seen = load();
    }
    return true;
  }

  Value<std::uint32_t> word_;
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to an Event's memory: the copy means the same memory.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it;
/// std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Event> {
  using Event = concurrent::multiprocessing::Event;
  using Word = concurrent::multiprocessing::Value<std::uint32_t>;

  static void dump(Writer& writer, const Event& event) { Pickler<Word>::dump(writer, event.word_); }
  static Event load(Reader& reader) { return Event(Pickler<Word>::load(reader)); }
};
