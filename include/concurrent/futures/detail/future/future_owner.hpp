// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/config.hpp>
#include <concurrent/futures/detail/future/waiter.hpp>

#include <atomic>
#include <cstdint>

namespace concurrent::futures::inline v0::detail {

class FutureStateBase;

/// A call as its owner knows it. The state of a future that has an owner is one of these as well, so that both take one
/// allocation; the owner, which has made them all, casts it to what it is.
class OwnedCall {
 public:
  virtual FutureStateBase& state() noexcept = 0;

 protected:
  OwnedCall() = default;
  ~OwnedCall() = default;
};

/// Who will resolve a future: what a new kind of executor implements, and all that a future knows of one. A future that
/// nobody has submitted has no owner: whoever has a handle resolves it.
///
/// The owner lives as long as one of its futures does, and others that have a reference: a future outlives its
/// executor. Every function is called without a lock, by any thread, also in a fork of the owner's process, where
/// nobody will ever resolve anything. A call that is passed is one of the owner's own, with a reference of who calls.
///
/// No function has a default, so that who writes an executor decides on each. What it cannot do it says with `false`.
class FutureOwner {
 public:
  FutureOwner(const FutureOwner&) = delete;
  FutureOwner& operator=(const FutureOwner&) = delete;

  /// One is made with a reference.
  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }

  /// cancel() of a pending call asks. True: nobody runs it, and its state becomes cancelled by who asks. False: it has
  /// been taken, or is done.
  virtual bool withdraw(OwnedCall& call) noexcept = 0;

  /// running() of a pending call asks, for an owner that does not say so to the state when a call begins.
  virtual bool taken(const OwnedCall& call) noexcept = 0;

  /// Future::terminate() of a call that is not done. True: it becomes cancelled, whatever else happens. False: it is
  /// done, or this owner cannot stop what runs.
  virtual bool stop(OwnedCall& call) noexcept = 0;

  /// Future::request_stop() of a call that is not done. True: it is cancelled, or told. False: it is done or not begun,
  /// or nobody can tell it.
  virtual bool ask_to_stop(OwnedCall& call) noexcept = 0;

  /// What a running call has said of how far it is; leaves both alone where there is nothing.
  virtual void read_progress(OwnedCall& call, std::uint64_t& done, std::uint64_t& total) noexcept = 0;

  /// Before a thread blocks on one of the owner's futures, or on a set that contains one: may do the owner's work in
  /// this thread while `word` holds `old`. True: the word has changed, or looking again is worth it. False: the caller
  /// parks on the word. The word may be changed by others than this owner, so it must not sleep on anything
  /// that such a change does not wake. May throw RuntimeError: a worker that waits for its own pool.
  virtual bool pump_until(const std::atomic<std::uint32_t>& word, std::uint32_t old, Deadline deadline) = 0;

  /// Sleeps while `word`, which says that somebody sleeps on it, holds `value`: as futex_wait, which will
  /// do, but an owner may let its own work wake the thread as well. False: the deadline has passed.
  virtual bool park(const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline deadline) = 0;

 protected:
  FutureOwner() = default;
  ~FutureOwner() = default;

 private:
  /// The last reference has been given up, by any thread, one of the owner's own among them.
  virtual void destroy() noexcept = 0;

  std::atomic<std::uint32_t> references_{1};
};

}  // namespace concurrent::futures::inline v0::detail
