// SPDX-License-Identifier: BSL-1.0
// Who waits for a future: the list of callbacks and waiters, and the thread that sleeps on the state itself.
#pragma once

#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/detail/future/future_state_base.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/pickle/detail/exception_text.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <sched.h>

namespace concurrent::futures::inline v0::detail {

CONCURRENT_FUTURES_INLINE bool Waiter::sleep_through(FutureStateBase& state, Deadline deadline) {
  return sleep(deadline, [&state](const std::atomic<std::uint32_t>& word, std::uint32_t value, Deadline until) {
    return state.park(word, value, until);
  });
}

CONCURRENT_FUTURES_INLINE CallbackList::CallbackList(FutureStateBase& state) noexcept : state_(&state) {
  state.add_reference();
}

inline void log_callback_error(const char* what) noexcept {
  try {
    log_message(LogLevel::error, "concurrent::futures: a callback of a future threw: " + std::string(what));
  } catch (...) {
    log_message(LogLevel::error, "concurrent::futures: a callback of a future threw");
  }
}

inline void run_callback(Callback& callback, FutureStateBase& state) noexcept {
  try {
    callback.run(state);
  } catch (const std::exception& error) {
    log_callback_error(pickle::detail::text_of(error));
  } catch (...) {
    log_callback_error("something that is no std::exception");
  }
}

CONCURRENT_FUTURES_INLINE void CallbackList::run() noexcept {
  if (state_ == nullptr) return;
  while (Callback* const callback = state_->take_callback()) run_callback(*callback, *state_);
  std::exchange(state_, nullptr)->release();
}

CONCURRENT_FUTURES_INLINE FutureStateBase::~FutureStateBase() {
  // Of a future that nobody finished; threads that wait for it would hold handles.
  for (auto* link = reinterpret_cast<Link*>(list_.load(std::memory_order_relaxed)); link != nullptr;) {
    Link* const next = link->next;
    static_cast<Callback*>(link)->drop();
    link = next;
  }
  if (owner_ != nullptr) owner_->release();
}

inline Link* FutureStateBase::lock_list() noexcept {
  for (int round = 0;; ++round) {
    std::uintptr_t list = list_.load(std::memory_order_relaxed);
    if ((list & 1) == 0 && list_.compare_exchange_weak(list, list | 1, std::memory_order_seq_cst)) {
      return reinterpret_cast<Link*>(list);
    }
    if (round >= 64) ::sched_yield();
  }
}

inline CallbackList FutureStateBase::announce(std::uint32_t before, bool failed) noexcept {
  if ((before & sleepers_bit) != 0) multiprocessing::detail::futex_wake(word_);
  // Who adds to the list locks it first and looks at the word then; here it is the other way round. One of both sees
  // what the other did, since all four accesses are sequentially consistent.
  if (list_.load(std::memory_order_seq_cst) == 0) return {};
  Link* first = nullptr;  // callbacks stay, and stand in the order in which they were added from now on
  for (Link* link = lock_list(); link != nullptr;) {
    Link* const next = link->next;
    if (link->waiter != nullptr) {
      link->linked = false;
      link->waiter->fire(static_cast<WaiterLink&>(*link), failed);
    } else {
      link->next = first;
      link->previous = nullptr;
      if (first != nullptr) first->previous = link;
      first = link;
    }
    link = next;
  }
  unlock_list(first);
  return first == nullptr ? CallbackList() : CallbackList(*this);
}

inline Callback* FutureStateBase::take_callback() noexcept {
  Link* const first = lock_list();
  if (first == nullptr) {
    unlock_list(nullptr);
    return nullptr;
  }
  first->linked = false;
  if (first->next != nullptr) first->next->previous = nullptr;
  unlock_list(first->next);
  return static_cast<Callback*>(first);
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::add_link(Link& link) noexcept {
  Link* const first = lock_list();
  if (is_done(state_of(word_.load(std::memory_order_seq_cst)))) {
    unlock_list(first);
    return false;
  }
  link.previous = nullptr;
  link.next = first;
  link.linked = true;
  if (first != nullptr) first->previous = &link;
  unlock_list(&link);
  return true;
}

// Under the list's lock, of which `first` is the head.
inline void unlink(Link& link, Link*& first) noexcept {
  if (link.next != nullptr) link.next->previous = link.previous;
  (link.previous != nullptr ? link.previous->next : first) = link.next;
  link.linked = false;
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::remove_link(Link& link) noexcept {
  Link* first = lock_list();
  const bool was_linked = link.linked;
  if (was_linked) unlink(link, first);
  unlock_list(first);
  return was_linked;
}

CONCURRENT_FUTURES_INLINE ResultDestination* FutureStateBase::find_destination() noexcept {
  ResultDestination* found = nullptr;
  Link* first = lock_list();
  for (Link* link = first; link != nullptr && found == nullptr; link = link->next) {
    if (link->waiter == nullptr) continue;
    found = static_cast<WaiterLink*>(link)->destination;
    if (found == nullptr) continue;
    unlink(*link, first);
  }
  unlock_list(first);
  return found;
}

CONCURRENT_FUTURES_INLINE void FutureStateBase::add_callback(pickle::detail::UniquePointer<OwnedCallback> callback) {
  if (!done() && add_link(*callback)) {
    static_cast<void>(callback.release());
    return;
  }
  add_reference();  // what it calls may drop the last handle
  run_callback(*callback.release(), *this);
  release();
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::wait_until_done(Deadline deadline) {
  for (;;) {
    std::uint32_t word = word_.load(std::memory_order_acquire);
    if (is_done(state_of(word))) return true;
    if (deadline != (Deadline::max)() && std::chrono::steady_clock::now() >= deadline) return false;
    if (pump_until(word_, word, deadline)) continue;
    if ((word & sleepers_bit) == 0 &&
        !word_.compare_exchange_strong(word, word | sleepers_bit, std::memory_order_relaxed)) {
      continue;
    }
    park(word_, word | sleepers_bit, deadline);
  }
}

CONCURRENT_FUTURES_INLINE bool FutureStateBase::wait_unless_orphaned() {
  while (!done()) {
    if (is_with_executor()) return wait_until_done((Deadline::max)());
    if (is_orphaned()) return false;
    wait_until_done(next_look_for_orphans());
  }
  return true;
}

[[noreturn]] CONCURRENT_FUTURES_INLINE void throw_orphaned(const char* operation) {
  throw InvalidStateError(
      "concurrent::futures: " + std::string(operation) +
      " would wait for ever: the future is not done, no executor has it, and there is no other "
      "handle through which somebody could finish it. Give a copy of it to whoever calls set_result, "
      "or wait with a timeout.");
}

[[noreturn]] CONCURRENT_FUTURES_INLINE void throw_no_room(std::size_t needed, std::size_t room) {
  throw std::length_error("concurrent::futures: result_into: the result has " + std::to_string(needed) +
                          " elements, and the memory has room for " + std::to_string(room) +
                          ". Nothing was copied; the future still has the result.");
}

}  // namespace concurrent::futures::inline v0::detail
