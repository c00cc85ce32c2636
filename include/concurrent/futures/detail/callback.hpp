// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/waiter.hpp>

#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

class FutureStateBase;

/// A function that is called once when the future is done.
class Callback : public Link {
 public:
  virtual ~Callback() = default;
  virtual void call(FutureStateBase& state) = 0;
};

/// The callbacks of a future that has just become done, in the order in which they were added. Whoever holds the list
/// decides in which thread they run; what is left when it is destroyed runs there.
class CallbackList {
 public:
  CallbackList() noexcept = default;
  CallbackList(FutureStateBase& state, Callback* first) noexcept;  // linked through `next`; takes a reference
  CallbackList(CallbackList&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)), first_(std::exchange(other.first_, nullptr)) {}
  CallbackList& operator=(CallbackList&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(first_, other.first_);
    return *this;
  }
  ~CallbackList() { run(); }

  bool empty() const noexcept { return first_ == nullptr; }
  /// Calls each once. What one throws is logged, and the rest still run.
  void run() noexcept;

 private:
  FutureStateBase* state_ = nullptr;
  Callback* first_ = nullptr;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
