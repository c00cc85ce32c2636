// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {

/// A handle to a future of whatever type, with everything but its result: for lists of futures of several types. It
/// equals the Future from which it was made.
class AnyFuture : public detail::FutureHandle {
 public:
  /// The same future, without its type.
  template <class T>
  AnyFuture(Future<T> future) noexcept : FutureHandle(std::move(static_cast<FutureHandle&>(future))) {}

  /// For writers of executors: takes over a reference to the state.
  explicit AnyFuture(detail::FutureStateBase* adopted) noexcept : FutureHandle(adopted) {}

  /// As Future::add_done_callback, with `fn(AnyFuture)`.
  template <class Function>
  void add_done_callback(Function fn) const {
    static_assert(std::is_invocable_v<Function&, AnyFuture>,
                  "concurrent::futures: add_done_callback: the callback cannot be called with an AnyFuture. Give it "
                  "one parameter of that type.");
    checked().add_callback(pickle::detail::UniquePointer<FunctionCallback<Function>>::make(std::move(fn)));
  }

 private:
  template <class Function>
  struct FunctionCallback final : detail::OwnedCallback {
    explicit FunctionCallback(Function function) : function_(std::move(function)) {}
    void call(detail::FutureStateBase& state) override {
      state.add_reference();
      function_(AnyFuture(&state));
    }
    Function function_;
  };
};

}  // namespace concurrent::futures::inline v0

template <>
struct std::hash<concurrent::futures::AnyFuture> : concurrent::futures::detail::HashHandle {};
