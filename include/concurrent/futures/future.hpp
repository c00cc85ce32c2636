// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/can_be_copied.hpp>
#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/future/future_text.hpp>
#include <concurrent/futures/detail/future/result_destination.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {

/// Whether `Future<T>::result() &&` may copy. Containers, tuples and aggregates are looked into; another class with a
/// member such as std::vector<std::unique_ptr<X>> has a copy constructor that does not compile, which no trait can see:
/// specialise this as false for it.
template <class T>
inline constexpr bool enable_result_copy = detail::can_be_copied<T>();

/// A handle to the outcome of a call that may not have happened yet. Copyable and cheap; all copies mean the same
/// future, and compare and hash alike. `T` may be void, move-only, and need not be default-constructible.
///
/// Threads: different handles to one future may be used from any threads at once.
/// Python: concurrent.futures.Future. A cancelled future counts as done everywhere, at once.
template <class T>
class Future : public detail::FutureHandle {
 public:
  using value_type = T;

  /// A fresh pending future, for tests and for writers of executors. Who finishes it in another thread has a copy: to
  /// wait without a limit for one that nobody else has throws InvalidStateError.
  Future() : FutureHandle(new detail::FutureState<T>) {}

  /// For writers of executors: takes over the reference with which the state was made.
  explicit Future(detail::FutureState<T>* adopted) noexcept : FutureHandle(adopted) {}

  /// The result of the call.
  ///
  /// Throws: what the call threw; CancelledError; InvalidStateError when nobody could ever finish this future (see
  /// `wait`); with a timeout, TimeoutError when it passes first; RuntimeError in a worker process of the pool that
  /// is to run the call.
  /// Blocks: until the future is done. The reference is good as long as there is a handle.
  std::add_lvalue_reference_t<const T> result() const& {
    this->wait_for_outcome("result");
    return outcome();
  }
  /// The same with a limit. Throws: TimeoutError when it elapses.
  template <class Rep, class Period>
  std::add_lvalue_reference_t<const T> result(const std::chrono::duration<Rep, Period>& timeout) const& {
    this->wait_for_outcome("result", timeout);
    return outcome();
  }

  /// Moves the result out when this is the last handle, and copies it otherwise. A move-only result is always moved.
  T result() && {
    this->wait_for_outcome("result");
    return take_outcome();
  }
  /// The same with a limit. Throws: TimeoutError when it elapses.
  template <class Rep, class Period>
  T result(const std::chrono::duration<Rep, Period>& timeout) && {
    this->wait_for_outcome("result", timeout);
    return take_outcome();
  }

  /// Copies the elements of the result to the beginning of `memory` and returns how many they are. For results that
  /// lie in one piece: a vector or string of trivially copyable elements, a std::array, an mp::Array.
  ///
  /// Throws: what `result` throws; std::length_error when there is not room for all, and then nothing is copied and the
  /// future still has the result.
  /// Blocks: as `result`. Python: there is no counterpart.
  template <class R = T>
    requires detail::ContiguousResult<R>
  std::size_t result_into(std::span<detail::ElementOf<R>> memory) const& {
    this->wait_for_outcome("result_into");
    return copy_into(memory);
  }
  /// The same of an rvalue, `pool.submit(render, scene).result_into(pixels)`: if this is the last handle, a vector or
  /// string from another process goes straight from where its worker put it into `memory`, if it comes after this was
  /// called and no callback was added. No memory is taken for a value of its own then, and the handle has an empty one
  /// from then on. What throws may have written to `memory`, but for std::length_error.
  template <class R = T>
    requires detail::ContiguousResult<R>
  std::size_t result_into(std::span<detail::ElementOf<R>> memory) && {
    return receive_into(memory, [&] { this->wait_for_outcome("result_into"); });
  }
  /// With a limit. Throws: TimeoutError when it elapses.
  template <class Rep, class Period, class R = T>
    requires detail::ContiguousResult<R>
  std::size_t result_into(std::span<detail::ElementOf<R>> memory,
                          const std::chrono::duration<Rep, Period>& timeout) const& {
    this->wait_for_outcome("result_into", timeout);
    return copy_into(memory);
  }
  /// With a limit, of an rvalue. Throws: TimeoutError when it elapses; `memory` is left alone from then on.
  template <class Rep, class Period, class R = T>
    requires detail::ContiguousResult<R>
  std::size_t result_into(std::span<detail::ElementOf<R>> memory,
                          const std::chrono::duration<Rep, Period>& timeout) && {
    return receive_into(memory, [&] { this->wait_for_outcome("result_into", timeout); });
  }

  /// `result`, by the name that it has in std::shared_future; of an rvalue it moves, as std::future's.
  std::add_lvalue_reference_t<const T> get() const& { return result(); }
  /// The result, moved out, as of an rvalue std::future. Blocks and throws as `result`.
  T get() && { return std::move(*this).result(); }

  /// Calls `fn(Future<T>)` once when the future is done, or at once, in this thread, if it is already. Those that were
  /// added before it was done run in the order in which they were added, in the thread that finishes or cancels the
  /// future, a process pool's in one of its own: they may still run when `result` has returned. What one throws is
  /// logged.
  template <class Function>
  void add_done_callback(Function fn) const {
    static_assert(std::is_invocable_v<Function&, Future<T>>,
                  "concurrent::futures: add_done_callback: the callback cannot be called with this future. Give it one "
                  "parameter of type Future<T>, const Future<T>& or AnyFuture.");
    checked().add_callback(pickle::detail::UniquePointer<FunctionCallback<Function>>::make(std::move(fn)));
  }

  /// For writers of executors, and for tests: the call succeeded. `set_result()` for Future<void>.
  ///
  /// Throws: InvalidStateError on a future that is done; what moving the value throws.
  void set_result(typename detail::FutureState<T>::Stored value) const
    requires(!std::is_void_v<T>)
  {
    finish(std::move(value));
  }
  /// The same for a call without a value.
  void set_result() const
    requires(std::is_void_v<T>)
  {
    finish();
  }

 private:
  template <class Function>
  struct FunctionCallback final : detail::OwnedCallback {
    explicit FunctionCallback(Function function) : function_(std::move(function)) {}
    void call(detail::FutureStateBase& state) override {
      state.add_reference();
      function_(Future(static_cast<detail::FutureState<T>*>(&state)));
    }
    Function function_;
  };

  detail::FutureState<T>& typed() const noexcept { return static_cast<detail::FutureState<T>&>(*state_); }

  template <class... Value>
  void finish(Value&&... value) const {
    checked();
    const Future kept = *this;  // whoever waits may drop its handles, this one too, before this returns
    detail::CallbackList callbacks;
    if (!kept.typed().try_finish_with_value(callbacks, std::forward<Value>(value)...)) {
      kept.state_->throw_invalid_state("set_result");
    }
  }

  template <class Element>
  std::size_t copy_into(std::span<Element> memory) const {
    const T& value = outcome();
    const std::size_t count = std::size(value);
    if (count > memory.size()) detail::throw_no_room(count, memory.size());
    if (count != 0) std::memcpy(memory.data(), std::data(value), count * sizeof(Element));
    return count;
  }

  template <class Element, class Wait>
  std::size_t receive_into(std::span<Element> memory, Wait wait) {
    detail::FutureStateBase& state = this->checked();
    detail::ResultDestination destination(std::as_writable_bytes(memory));
    if (!state.offer_destination(destination.link())) {
      wait();
      return copy_into(memory);
    }
    try {
      wait();
    } catch (...) {
      if (state.remove_waiter(destination.link())) throw;
      this->wait_for_outcome("result_into");  // the result is being brought just now
    }
    if (!state.remove_waiter(destination.link())) destination.wait_until_fired();
    throw_unless_succeeded();
    return destination.filled() ? destination.size() / sizeof(Element) : copy_into(memory);
  }

  void throw_unless_succeeded() const {
    throw_if_cancelled();
    if (state_->failed()) std::rethrow_exception(state_->stored_exception());
  }

  std::add_lvalue_reference_t<const T> outcome() const {
    throw_unless_succeeded();
    if constexpr (!std::is_void_v<T>) return typed().value();
  }

  T take_outcome() {
    throw_unless_succeeded();
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (enable_result_copy<T>) {
      if (!state_->is_only_handle()) return typed().value();
      return std::move(typed().value());
    } else {
      return std::move(typed().value());
    }
  }
};

}  // namespace concurrent::futures::inline v0

template <class T>
struct std::hash<concurrent::futures::Future<T>> : concurrent::futures::detail::HashHandle {};
