// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/futures/detail/pool/stop_request.hpp>
#include <concurrent/futures/future.hpp>
#include <concurrent/pickle/detail/signature.hpp>

#if defined(STDEXEC_ASSERT)
namespace concurrent::futures::inline v0 {
namespace execution = ::stdexec;
}
#elif defined(INCLUDED_BEMAN_EXECUTION_EXECUTION) || defined(INCLUDED_BEMAN_EXECUTION_DETAIL_SENDER)
namespace concurrent::futures::inline v0 {
namespace execution = ::beman::execution;
}
#else
#include <version>
#ifdef __cpp_lib_senders
#include <execution>
namespace concurrent::futures::inline v0 {
namespace execution = ::std::execution;
}
#else
#include <concurrent/futures/detail/await/minimal_execution.hpp>
#endif
#endif

#include <atomic>
#include <exception>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

// In 2026 the draft gave these names a new end. The libraries have the old ones, too, where they are no longer meant
// to be used.
#ifdef __cpp_lib_senders
using SenderTag = execution::sender_tag;
using OperationStateTag = execution::operation_state_tag;
#else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
using SenderTag = execution::sender_t;
using OperationStateTag = execution::operation_state_t;
#pragma GCC diagnostic pop
#endif

template <class T>
struct SenderSignatures {
  using type = execution::completion_signatures<execution::set_value_t(T), execution::set_error_t(std::exception_ptr),
                                                execution::set_stopped_t()>;
};
template <>
struct SenderSignatures<void> {
  using type = execution::completion_signatures<execution::set_value_t(), execution::set_error_t(std::exception_ptr),
                                                execution::set_stopped_t()>;
};

/// What a sender that completes as a Future<T> does says of itself.
template <class T>
struct SenderOf {
  using sender_concept = SenderTag;
  using completion_signatures = typename SenderSignatures<T>::type;
  template <class... Environment>
  static consteval completion_signatures get_completion_signatures() noexcept {
    return {};
  }
};

template <class Receiver>
auto stop_token_of(const Receiver& receiver) noexcept {
#ifdef __cpp_lib_senders
  using std::get_stop_token;
#else
  using execution::get_stop_token;
#endif
  return get_stop_token(execution::get_env(receiver));
}

template <class Token, class Function>
struct StopCallbackFor {
  using type = typename Token::template callback_type<Function>;
};
#ifdef __cpp_lib_jthread
template <class Function>
struct StopCallbackFor<std::stop_token, Function> {
  using type = std::stop_callback<Function>;
};
#endif

/// A receiver that waits for a future. It hangs in the future's list of callbacks, and whoever takes it off completes
/// it: nothing of it is touched after that, since the receiver may destroy it. `Request` is what a stop request of the
/// receiver calls.
template <class T, class Receiver, class Request>
class FutureOperation : public Callback {
 public:
  using operation_state_concept = OperationStateTag;

  FutureOperation(const FutureOperation&) = delete;
  FutureOperation& operator=(const FutureOperation&) = delete;

 protected:
  explicit FutureOperation(Receiver&& receiver) : receiver_(std::move(receiver)) {}
  ~FutureOperation() override = default;

  Receiver& receiver() noexcept { return receiver_; }
  FutureStateBase& keep(Future<T> future) noexcept {
    future_.emplace(std::move(future));
    return *HandleAccess::state(*future_);
  }
  void watch(Request request) noexcept { stop_.emplace(stop_token_of(receiver_), std::move(request)); }
  void fail(std::exception_ptr error) noexcept { execution::set_error(std::move(receiver_), std::move(error)); }

  void complete() noexcept {
    stop_.reset();  // a request that is being passed on in another thread is waited for
    Future<T> future = std::move(*future_);
    if (future.cancelled()) return execution::set_stopped(std::move(receiver_));
    if constexpr (std::is_void_v<T>) {
      if (std::exception_ptr error = future.exception()) return fail(std::move(error));
      execution::set_value(std::move(receiver_));
    } else {
      std::optional<T> value;
      try {
        value.emplace(std::move(future).result());
      } catch (...) {
        return fail(std::current_exception());
      }
      execution::set_value(std::move(receiver_), std::move(*value));
    }
  }
  /// Off the list, and the future is left to the others. May be called by the request itself.
  void leave() noexcept {
    const Future<T> future = std::move(*future_);
    execution::set_stopped(std::move(receiver_));
  }

 private:
  using StopToken = std::remove_cvref_t<decltype(stop_token_of(std::declval<const Receiver&>()))>;

  void drop() noexcept override {}

  Receiver receiver_;
  std::optional<Future<T>> future_;
  std::optional<typename StopCallbackFor<StopToken, Request>::type> stop_;
};

template <class T, class Receiver>
class AwaitOperation;
template <class T, class Receiver>
struct LeaveFuture {
  AwaitOperation<T, Receiver>* operation;
  void operator()() const noexcept { operation->ask_to_leave(); }
};

/// Of as_sender: a stop request ends the wait and leaves the future alone.
///
/// The future and the request may both come while `start` has not returned. Until it says `hangs`, and touches nothing
/// more, each of them only notes that it has come, and `start` does the rest; after that the list's lock decides which
/// of the two completes the operation.
template <class T, class Receiver>
class AwaitOperation final : public FutureOperation<T, Receiver, LeaveFuture<T, Receiver>> {
 public:
  AwaitOperation(Future<T> future, Receiver&& receiver)
      : FutureOperation<T, Receiver, LeaveFuture<T, Receiver>>(std::move(receiver)), given_(std::move(future)) {}

  void start() noexcept {
    FutureStateBase& state = this->keep(std::move(given_));
    state_ = &state;
    if (state.done()) return this->complete();
    this->watch({this});
    if (!state.add_own_callback(*this)) return this->complete();
    bool on_list = true;
    for (unsigned come = 0; !come_.compare_exchange_weak(come, come | hangs, std::memory_order_acq_rel);) {
      if ((come & done) != 0) return this->complete();
      if ((come & asked) == 0 || !on_list) continue;
      on_list = state.remove_own_callback(*this);
      if (on_list) return this->leave();
    }
  }
  void ask_to_leave() noexcept {
    if ((come_.fetch_or(asked, std::memory_order_acq_rel) & hangs) == 0) return;
    if (state_->remove_own_callback(*this)) this->leave();
  }

 private:
  static constexpr unsigned hangs = 1;
  static constexpr unsigned asked = 2;
  static constexpr unsigned done = 4;

  void run(FutureStateBase& /*state*/) override {
    if ((come_.fetch_or(done, std::memory_order_acq_rel) & hangs) != 0) this->complete();
  }

  Future<T> given_;
  FutureStateBase* state_ = nullptr;
  std::atomic<unsigned> come_{0};
};

/// Of submit_sender: a stop request is the future's.
template <class Executor, class T, class Receiver, class... Call>
class SubmitOperation final : public FutureOperation<T, Receiver, StopRequest> {
 public:
  SubmitOperation(Executor& executor, std::tuple<Call...>&& call, Receiver&& receiver)
      : FutureOperation<T, Receiver, StopRequest>(std::move(receiver)), executor_(executor), call_(std::move(call)) {}
  void start() noexcept {
    if (stop_token_of(this->receiver()).stop_requested()) return execution::set_stopped(std::move(this->receiver()));
    std::optional<Future<T>> future;
    try {
      future.emplace(std::apply([this](Call&... parts) { return executor_.submit(std::move(parts)...); }, call_));
    } catch (...) {
      return this->fail(std::current_exception());
    }
    FutureStateBase& state = this->keep(std::move(*future));
    this->watch({&state});
    if (!state.add_own_callback(*this)) this->complete();
  }

 private:
  void run(FutureStateBase& /*state*/) override { this->complete(); }

  Executor& executor_;
  std::tuple<Call...> call_;
};

/// What as_sender returns.
template <class T>
class FutureSender : public SenderOf<T> {
 public:
  explicit FutureSender(Future<T> future) : future_(std::move(future)) { HandleAccess::checked_state(future_); }

  template <class Receiver>
  auto connect(Receiver receiver) const& {
    return AwaitOperation<T, Receiver>(future_, std::move(receiver));
  }
  template <class Receiver>
  auto connect(Receiver receiver) && {
    return AwaitOperation<T, Receiver>(std::move(future_), std::move(receiver));
  }

 private:
  Future<T> future_;
};

template <class Executor, class... Call>
using SubmittedValue = typename decltype(std::declval<Executor&>().submit(std::declval<Call>()...))::value_type;

/// What submit_sender returns. The first of the call may be TaskOptions.
template <class Executor, class... Call>
class SubmitSender : public SenderOf<SubmittedValue<Executor, Call...>> {
  using T = SubmittedValue<Executor, Call...>;

 public:
  template <class... Given>
  explicit SubmitSender(Executor& executor, Given&&... call)
      : executor_(&executor), call_(std::forward<Given>(call)...) {}

  template <class Receiver>
  auto connect(Receiver receiver) const& {
    return SubmitOperation<Executor, T, Receiver, Call...>(*executor_, std::tuple<Call...>(call_), std::move(receiver));
  }
  template <class Receiver>
  auto connect(Receiver receiver) && {
    return SubmitOperation<Executor, T, Receiver, Call...>(*executor_, std::move(call_), std::move(receiver));
  }

 private:
  Executor* executor_;
  std::tuple<Call...> call_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
