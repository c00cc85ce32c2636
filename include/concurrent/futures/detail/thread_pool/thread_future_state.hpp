// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/futures/detail/future/future_state.hpp>
#include <concurrent/futures/detail/future/future_state_base.hpp>
#include <concurrent/futures/detail/pool/stop_request.hpp>
#include <concurrent/futures/detail/thread_pool/thread_pool.hpp>
#include <concurrent/futures/detail/thread_pool/thread_task.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/detail/symbols.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/pickle/stop_token.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The state of a future that a thread pool will resolve, and its call: one allocation a task.
template <class R, class Function, class... Args>
class ThreadFutureState final : public FutureState<R>, public ThreadTask {
 public:
  template <class... Given>
  explicit ThreadFutureState(ThreadPool& pool, Given&&... given)
      : FutureState<R>(&pool), call_(std::in_place, std::forward<Given>(given)...) {}

  pickle::detail::UniquePointer<const std::string> label;  // none: the function's name

  FutureStateBase& state() noexcept override { return *this; }
  void forget() noexcept override { call_.reset(); }
  void tell_to_stop() noexcept override { stop_.request(); }
  std::string name() const override {
    if (label != nullptr) return *label;
    if constexpr (std::is_pointer_v<Function>) {
      return pickle::detail::function_name(reinterpret_cast<std::uintptr_t>(std::get<0>(*call_)));
    } else {
      return pickle::detail::readable_name<Function>();
    }
  }

  CallbackList run(ThreadPool& pool) noexcept override {
    using Value = std::conditional_t<std::is_void_v<R>, Nothing, R>;
    std::optional<Value> value;
    std::exception_ptr error;
    try {
      if constexpr (std::is_void_v<R>) {
        call();
        value.emplace();
      } else {
        value.emplace(call());
      }
    } catch (...) {
      error = std::current_exception();
    }
    call_.reset();  // whoever sees the result sees function and arguments destroyed
    if (pool.before_publishing(*this, error)) return this->finish_cancelled();
    if (error) return this->finish_with_exception(std::move(error));
    try {
      if constexpr (std::is_void_v<R>) {
        return this->finish_with_value();
      } else {
        return this->finish_with_value(std::move(*value));
      }
    } catch (...) {  // the result's move constructor
      return this->finish_with_exception(std::current_exception());
    }
  }

 protected:
  const OwnedCall* owned_call() const noexcept override { return this; }

 private:
  struct Nothing {};
  decltype(auto) call() {
    return std::apply(
        [this](Function& function, Args&... args) -> decltype(auto) {
          return pickle::detail::invoke_task(stop_.token(), std::move(function), std::move(args)...);
        },
        *call_);
  }

  std::optional<std::tuple<Function, Args...>> call_;
  [[no_unique_address]] std::conditional_t<pickle::detail::wants_token<Function, Args...>, StopWord, NoStopWord> stop_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
