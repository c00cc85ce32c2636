// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/callback.hpp>
#include <concurrent/futures/detail/pool/stop_request.hpp>
#include <concurrent/futures/task_options.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// Passes a request of the std::stop_token in a call's TaskOptions on to its future, for as long as that is not done.
///
/// It hangs in the future's list of callbacks and goes when the future is done. If the request is being passed on at
/// that moment in another thread, the one that runs the callbacks waits for it, as the destructor of a
/// std::stop_callback does: so whoever passes one on waits for nobody who runs callbacks.
#ifdef __cpp_lib_jthread
class StopWatch final : public OwnedCallback {
 public:
  /// Null: there is nothing to watch.
  static pickle::detail::UniquePointer<StopWatch> make(const TaskOptions* options) {
    if (options == nullptr || !options->stop_token.stop_possible()) return nullptr;
    return pickle::detail::UniquePointer<StopWatch>(new StopWatch(options->stop_token));
  }
  /// Of a call that has just been submitted; what was requested meanwhile is passed on here.
  static void begin(pickle::detail::UniquePointer<StopWatch> watch, FutureStateBase& state) {
    if (watch == nullptr) return;
    watch->callback_.emplace(std::move(watch->token_), StopRequest{&state});
    state.add_callback(std::move(watch));
  }

 private:
  explicit StopWatch(std::stop_token token) noexcept : token_(std::move(token)) {}
  void call(FutureStateBase& /*state*/) override {}

  std::stop_token token_;
  std::optional<std::stop_callback<StopRequest>> callback_;
};
#else
struct StopWatch {
  static pickle::detail::UniquePointer<StopWatch> make(const TaskOptions* /*options*/) noexcept { return nullptr; }
  static void begin(const pickle::detail::UniquePointer<StopWatch>& /*watch*/,
                    const FutureStateBase& /*state*/) noexcept {}
};
#endif

/// That of a call with TaskOptions, which may be null.
template <class Options>
class StopWatchOf {
 public:
  explicit StopWatchOf(const TaskOptions* options) : watch_(StopWatch::make(options)) {}
  void begin(FutureStateBase& state) { StopWatch::begin(std::move(watch_), state); }

 private:
  pickle::detail::UniquePointer<StopWatch> watch_;
};
/// Of a call without any.
template <>
class StopWatchOf<std::nullptr_t> {
 public:
  explicit StopWatchOf(std::nullptr_t) noexcept {}
  void begin(const FutureStateBase& /*state*/) noexcept {}
};

}  // namespace concurrent::futures::inline v0::detail
