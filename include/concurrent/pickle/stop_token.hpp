// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace concurrent::pickle::inline v0 {

namespace detail {
struct StopTokens;
}

/// Tells a task whether it has been asked to stop. A task that wants to know has one as its first parameter, as
/// std::jthread passes a std::stop_token, and whoever submits it leaves that argument out:
///
///     std::size_t count_primes(cf::StopToken stop, std::size_t limit);
///     auto future = pool.submit(count_primes, 1'000'000);
///
/// A generic or overloaded callable that can be called without one gets none. To ask costs a load of one word, no
/// system call. The token is that of one call: a copy that outlives it is never told of another call's request.
/// Threads: any. Python: none; a threading.Event that is passed along.
struct StopToken {
 public:
  /// One that is never asked to stop.
  StopToken() noexcept = default;

  /// Whether `Future::request_stop` was called, or the std::stop_token in the call's TaskOptions says so.
  bool stop_requested() const noexcept { return word_ != nullptr && word_->load(std::memory_order_acquire) == number_; }

 private:
  friend struct detail::StopTokens;
  const std::atomic<std::uint32_t>* word_ = nullptr;
  std::uint32_t number_ = 0;           // what the word says when it is this call that is to stop
  std::shared_ptr<const void> owner_;  // of the word, if it may go before the token does
};

namespace detail {

/// For those who run calls.
struct StopTokens {
  static StopToken make(const std::atomic<std::uint32_t>& word, std::uint32_t number,
                        std::shared_ptr<const void> owner = nullptr) noexcept {
    StopToken token;
    token.word_ = &word;
    token.number_ = number;
    token.owner_ = std::move(owner);
    return token;
  }

  /// Gives the token of the call that run_call is running; set once by whoever runs calls in this process.
  static inline StopToken (*of_call)() noexcept = nullptr;
  static StopToken current() noexcept { return of_call != nullptr ? of_call() : StopToken(); }
};

}  // namespace detail
}  // namespace concurrent::pickle::inline v0
