// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/lock_word.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>
#include <concurrent/multiprocessing/errors.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
class Condition;

namespace detail {

/// What Lock and RLock have in common.
class BasicLock {
 public:
  /// Waits until the lock is free, or its holder has ended, and holds it. Never returns Acquired::no.
  /// Throws: RuntimeError when the calling thread holds it already and it is no RLock.
  /// Blocks: until then, asleep.
  Acquired acquire() const { return acquire_until((Deadline::max)()); }
  /// Holds the lock if nobody else does. Acquired::no also when the calling thread holds it and it is no RLock.
  [[nodiscard]] Acquired try_acquire() const {
    const HolderId self = state_.self();
    if (state_->is_held_by(self)) return recursive_ ? nest() : Acquired::no;
    std::uint64_t seen = 0;
    return state_->try_acquire(state_.holders(), self, 0, seen);
  }
  /// Waits for at most `timeout`; 0 or less is an attempt, as try_acquire.
  /// Throws: as acquire, if it would wait. Blocks: for that long at most, asleep.
  template <class Rep, class Period>
  [[nodiscard]] Acquired acquire_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return acquire_until(deadline_after(timeout));
  }
  /// Gives the lock back; one level of it where an RLock was acquired several times.
  /// Throws: RuntimeError when the calling thread does not hold it.
  void release() const {
    const HolderId self = state_.self();
    if (recursive_ && state_->is_held_by(self) && state_->depth != 0) {
      --state_->depth;
    } else if (!state_->release(self)) {
      refuse_release();
    }
  }

  // As a standard mutex, for std::lock_guard, std::unique_lock and std::scoped_lock: `owner_died()` tells the rest.
  void lock() const { static_cast<void>(acquire()); }
  [[nodiscard]] bool try_lock() const { return try_acquire() != Acquired::no; }
  template <class Rep, class Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& timeout) const {
    return acquire_for(timeout) != Acquired::no;
  }
  void unlock() const { release(); }

  /// Whether the calling thread holds the lock and has it from one that ended while it held it. True until it is
  /// released.
  bool owner_died() const {
    const std::uint64_t word = state_->owner.load(std::memory_order_relaxed);
    return LockWord::holder(word) == state_.self() && (word & LockWord::inherited) != 0;
  }
  /// Whether anybody holds it, at this moment.
  bool locked() const noexcept { return holder() != 0; }

  /// Whether both are the same lock.
  friend bool operator==(const BasicLock&, const BasicLock&) noexcept = default;

 protected:
  friend class v0::Condition;
  friend struct pickle::Pickler<v0::Condition>;
  /// Makes a lock that nobody holds.
  explicit BasicLock(bool recursive) : recursive_(recursive) {}
  BasicLock(SharedRecord<LockWord> state, bool recursive) noexcept : state_(std::move(state)), recursive_(recursive) {}

  SharedRecord<LockWord> state_;
  bool recursive_;

 private:
  /// A living holder; 0: none.
  HolderId holder() const noexcept {
    const HolderId id = LockWord::holder(state_->owner.load(std::memory_order_acquire));
    return id != 0 && state_.holders().is_alive(id) ? id : 0;
  }
  Acquired nest() const noexcept {
    ++state_->depth;
    return owner_died() ? Acquired::owner_died : Acquired::yes;
  }
  Acquired acquire_until(Deadline deadline) const {
    const HolderId self = state_.self();
    if (state_->acquire_free(self)) [[likely]]
      return Acquired::yes;
    if (state_->is_held_by(self)) {
      if (recursive_) return nest();
      if (has_passed(deadline)) return Acquired::no;
      refuse_acquire();
    }
    return state_->wait_to_acquire(state_.holders(), self, deadline);
  }
  [[noreturn, gnu::cold]] static void refuse_acquire() {
    throw RuntimeError(
        "concurrent::multiprocessing: the calling thread holds this Lock already, and would wait for itself. Release "
        "it first, or use an RLock.");
  }
  [[noreturn, gnu::cold]] void refuse_release() const {
    const HolderId id = holder();
    throw RuntimeError("concurrent::multiprocessing: the calling thread releases a lock that it does not hold: " +
                       (id == 0 ? std::string("nobody does")
                                : "a thread of process " + std::to_string(state_.holders().process_of(id)) + " does") +
                       ". Release it in the thread that acquired it.");
  }
};

}  // namespace detail

/// A lock between threads of any processes that no death can leave locked: a handle, whose copies mean the same lock,
/// and that may be a task's argument or result.
///
/// When its holder ends while it holds (is killed, exits, or the thread alone ends), one of those who wait, or the next
/// who comes, holds the lock within 5 ms and is told `Acquired::owner_died`: what the lock guards may be half changed
/// and is its to repair. Only the thread that acquired it may release it. Destroying a handle neither releases nor
/// blocks. Who waits sleeps; acquiring a free lock and releasing it makes no system call.
///
/// Threads: any, at once.
/// Python: `multiprocessing.Lock`; but that one has no owner, and stays locked when its holder is killed.
class Lock : public detail::BasicLock {
 public:
  /// Makes a lock that nobody holds.
  /// Throws: std::system_error when the system has no room or no descriptor.
  Lock() : BasicLock(false) {}

 private:
  friend struct pickle::Pickler<Lock>;
  explicit Lock(detail::SharedRecord<detail::LockWord> state) noexcept : BasicLock(std::move(state), false) {}
};

/// A Lock that the thread that holds it may acquire again; it is free after as many releases.
///
/// Who gets it from one that ended holds it once, however often that one had acquired it.
///
/// Threads: any, at once.
/// Python: `multiprocessing.RLock`.
class RLock : public detail::BasicLock {
 public:
  /// Makes a lock that nobody holds.
  /// Throws: std::system_error when the system has no room or no descriptor.
  RLock() : BasicLock(true) {}

 private:
  friend struct pickle::Pickler<RLock>;
  explicit RLock(detail::SharedRecord<detail::LockWord> state) noexcept : BasicLock(std::move(state), true) {}
};

}  // namespace concurrent::multiprocessing::inline v0

/// What travels is the way to the lock: the copy means the same one. It does not hold what the sender held.
///
/// Throws, where it is loaded: UnpicklingError when the process that sent it has ended or has let go of it;
/// std::system_error when this one has no room for it.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::Lock> {
  using Lock = concurrent::multiprocessing::Lock;
  static void dump(Writer& writer, const Lock& lock) { lock.state_.dump(writer); }
  static Lock load(Reader& reader) { return Lock(decltype(Lock::state_)::load(reader)); }
};

/// As of Lock.
template <>
struct concurrent::pickle::Pickler<concurrent::multiprocessing::RLock> {
  using RLock = concurrent::multiprocessing::RLock;
  static void dump(Writer& writer, const RLock& lock) { lock.state_.dump(writer); }
  static RLock load(Reader& reader) { return RLock(decltype(RLock::state_)::load(reader)); }
};
