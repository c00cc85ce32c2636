// SPDX-License-Identifier: BSL-1.0
// Gates, counters and words that a test shares with its worker processes, whatever started them. A handle is an
// aggregate that travels as an argument; a process that did not inherit the memory maps it when it first looks.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>

#include "support/shared_file.hpp"

namespace support {

using Clock = std::chrono::steady_clock;

/// How long a wait in a test may take before the test is wrong. Far more than any of them needs.
inline constexpr std::chrono::seconds patience{30};

/// The words of this test program, in one memory file without a name.
struct Arena {
  static constexpr std::size_t line = 64;  // one word a cache line
  static constexpr std::size_t lines = 1U << 16U;

  pid_t owner = 0;
  int descriptor = -1;
  std::byte* memory = nullptr;
  std::atomic<std::uint32_t> used{0};

  /// The arena that this process allocates from. A forked child goes on with its parent's mapping.
  static Arena& mine() {
    static Arena* arena = [] {
      auto* made = new Arena;
      const SharedFile file = SharedFile::make("tests", line * lines);
      made->owner = file.owner;
      made->descriptor = file.descriptor;
      made->memory = static_cast<std::byte*>(file.map(line * lines));
      known() = true;
      return made;
    }();
    return *arena;
  }

  /// The arena of process `owner`, seen from here: inherited, or opened through that process's own descriptor.
  static std::byte* of(pid_t owner, int descriptor) {
    // Without a lock once it is mapped: a signal handler may ask, also in the middle of asking.
    static std::mutex lock;
    static std::atomic<pid_t> foreign_owner = 0;
    static std::atomic<std::byte*> foreign = nullptr;
    if (inherited_owner() == owner) return mine().memory;
    if (foreign_owner == owner) return foreign;
    const std::lock_guard guard(lock);
    if (foreign_owner != owner) {
      foreign = static_cast<std::byte*>(SharedFile{owner, descriptor}.map_from_outside(line * lines));
      foreign_owner = owner;
    }
    return foreign;
  }

  /// The process that made the arena this process holds in its own image; 0 when it holds none.
  static pid_t inherited_owner() { return known() ? mine().owner : 0; }
  static std::atomic<bool>& known() {
    static std::atomic<bool> exists = false;
    return exists;
  }
};

/// One 32-bit word in memory that all processes of the test see.
struct Word {
  pid_t owner = 0;
  int descriptor = -1;
  std::uint32_t index = 0;

  static Word make(std::uint32_t value = 0) { return make_array(1, value); }

  /// The first of `count` words in a row, each with that value.
  static Word make_array(std::uint32_t count, std::uint32_t value = 0) {
    Arena& arena = Arena::mine();
    const std::uint32_t index = arena.used.fetch_add(count);
    if (index + count > Arena::lines) throw std::runtime_error("the tests' shared memory is used up");
    const Word first{arena.owner, arena.descriptor, index};
    for (std::uint32_t i = 0; i < count; ++i) first.at(i).get().store(value);
    return first;
  }

  Word at(std::uint32_t i) const { return {owner, descriptor, index + i}; }

  std::atomic<std::uint32_t>& get() const {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(Arena::of(owner, descriptor) + index * Arena::line);
  }

  void wake() const { ::syscall(SYS_futex, &get(), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

  void set(std::uint32_t value) const {
    get().store(value);
    wake();
  }

  /// Sleeps until `good(value)` holds. Returns false when the limit passed first.
  template <class Predicate>
  bool wait_for(Predicate good, std::chrono::nanoseconds limit = patience) const {
    const auto end = Clock::now() + limit;
    for (;;) {
      const std::uint32_t seen = get().load();
      if (good(seen)) return true;
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end - Clock::now());
      if (left.count() <= 0) return false;
      const timespec time{static_cast<time_t>(left.count() / 1'000'000'000),
                          static_cast<long>(left.count() % 1'000'000'000)};
      ::syscall(SYS_futex, &get(), FUTEX_WAIT, seen, &time, nullptr, 0);
    }
  }
};

/// Closed until somebody opens it; then open for good.
struct Gate {
  Word word;

  static Gate make() { return {Word::make()}; }
  void open() const { word.set(1); }
  bool is_open() const { return word.get().load() == 1; }

  /// Blocks until the gate is open; throws when that takes longer than any correct test does.
  void wait() const {
    if (!opens_within(patience)) throw std::runtime_error("a gate of this test was never opened");
  }
  bool opens_within(std::chrono::nanoseconds limit) const {
    return word.wait_for([](std::uint32_t value) { return value == 1; }, limit);
  }
};

/// A number that any process may raise and wait for.
struct Counter {
  Word word;

  static Counter make() { return {Word::make()}; }
  std::uint32_t value() const { return word.get().load(); }
  std::uint32_t add(std::uint32_t n = 1) const {
    const std::uint32_t before = word.get().fetch_add(n);
    word.wake();
    return before + n;
  }
  void subtract(std::uint32_t n = 1) const {
    word.get().fetch_sub(n);
    word.wake();
  }
  /// Remembers the largest value ever given.
  void raise_to(std::uint32_t value) const {
    std::uint32_t seen = word.get().load();
    while (seen < value && !word.get().compare_exchange_weak(seen, value)) {
    }
  }
  bool reaches(std::uint32_t least, std::chrono::nanoseconds limit = patience) const {
    return word.wait_for([least](std::uint32_t value) { return value >= least; }, limit);
  }
  void wait_until(std::uint32_t least) const {
    if (!reaches(least)) {
      throw std::runtime_error("a counter of this test stopped at " + std::to_string(value()) + ", awaited " +
                               std::to_string(least));
    }
  }
};

/// Looks again and again, without burning a core, until `condition()` holds or the limit passes. For what the kernel
/// shows but tells nobody about: the end of a process that is not ours, an entry of /proc.
template <class Condition>
bool eventually(Condition condition, std::chrono::nanoseconds limit = patience) {
  const auto end = Clock::now() + limit;
  for (;;) {
    if (condition()) return true;
    if (Clock::now() >= end) return condition();
    const timespec pause{0, 500'000};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace support
