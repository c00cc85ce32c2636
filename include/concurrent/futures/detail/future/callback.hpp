// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/waiter.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <memory>
#include <utility>

namespace concurrent::futures::inline v0::detail {

class FutureStateBase;

/// A function that is called once when the future is done.
class Callback : public Link {
 public:
  virtual ~Callback() = default;
  /// Calls it, off the list; it is not touched any more after that.
  virtual void run(FutureStateBase& state) = 0;
  /// Lets go of it without a call: the future is destroyed, and nobody has finished it.
  virtual void drop() noexcept = 0;
};

/// One that belongs to the list: it is deleted when it has been called, or let go of.
class OwnedCallback : public Callback {
 public:
  virtual void call(FutureStateBase& state) = 0;

 private:
  void run(FutureStateBase& state) final {
    const pickle::detail::UniquePointer<OwnedCallback> self(this);
    call(state);
  }
  void drop() noexcept final { delete this; }
};

/// The right, and the duty, to run the callbacks of a future that has just become done, in the order in which they were
/// added. Whoever holds it decides in which thread they run; what is left when it is destroyed runs there.
///
/// Until its turn comes a callback stays in the future's own list, so that one that lies in somebody else's memory (an
/// awaiter's, in the frame of its coroutine) can still be taken off when that memory goes.
class CallbackList {
 public:
  using MovedByBytes = FutureStateBase;  // multiprocessing/detail/plain_vector.hpp

  CallbackList() noexcept = default;
  explicit CallbackList(FutureStateBase& state) noexcept;  // takes a reference
  CallbackList(CallbackList&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  CallbackList& operator=(CallbackList&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~CallbackList() { run(); }

  bool empty() const noexcept { return state_ == nullptr; }
  /// Calls each once. What one throws is logged, and the rest still run.
  void run() noexcept;

 private:
  FutureStateBase* state_ = nullptr;
};

}  // namespace concurrent::futures::inline v0::detail
