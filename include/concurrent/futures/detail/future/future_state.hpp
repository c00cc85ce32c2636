// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_state_base.hpp>

#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// The shared state of a Future<R>. `R` may be void, move-only, and need not be default-constructible.
template <class R>
class FutureState : public FutureStateBase {
  struct Nothing {};

 public:
  using Stored = std::conditional_t<std::is_void_v<R>, Nothing, R>;

  explicit FutureState(FutureOwner* owner = nullptr) noexcept : FutureStateBase(owner) {}
  ~FutureState() override {
    if (this->state() == State::finished && !this->failed()) std::destroy_at(std::addressof(value_));
  }

  /// Constructs the result in place and returns the callbacks, for the caller to run where it likes. Does nothing if
  /// the future is done already. What the construction throws goes through, and the future is as before.
  template <class... Args>
  [[nodiscard]] CallbackList finish_with_value(Args&&... args) {
    CallbackList callbacks;
    try_finish_with_value(callbacks, std::forward<Args>(args)...);
    return callbacks;
  }

  /// The same; false: it was done already.
  template <class... Args>
  bool try_finish_with_value(CallbackList& callbacks, Args&&... args) {
    if (!this->claim()) return false;
    try {
      ::new (static_cast<void*>(std::addressof(value_))) Stored(std::forward<Args>(args)...);
    } catch (...) {
      this->unclaim();
      throw;
    }
    callbacks = this->publish(finished_word);
    return true;
  }

  /// Only when finished and not failed.
  Stored& value() noexcept { return value_; }
  const Stored& value() const noexcept { return value_; }

  const std::type_info& result_type() const noexcept override { return typeid(R); }

 private:
  union {
    Stored value_;
  };
};

}  // namespace concurrent::futures::inline v0::detail
