// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/future/future_handle.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// What submit does where `max_pending` calls wait already.
enum class Admission : std::uint8_t {
  wait,     // until there is room; in a thread of the pool's own it throws QueueFull
  attempt,  // gives up
  force     // goes past the limit
};

/// A call's place among those that may wait, from before it is made until it is with the pool. `Pool` has
/// `is_limited()`, constant; `reserve(Admission)`, false: there is no room; and `give_back_place()`.
///
/// So a call that finds no room has cost nothing: nothing was pickled, and no argument was moved from. A pool without a
/// limit is asked for nothing.
template <class Pool>
class WaitingPlace {  // stays where it is
 public:
  /// Throws what submit throws.
  [[gnu::always_inline]] WaitingPlace(Pool& pool, Admission admission) {
    if (pool.is_limited()) [[unlikely]]
      take(pool, admission);
  }
  [[gnu::always_inline]] ~WaitingPlace() {
    if (pool_ != nullptr) [[unlikely]]
      pool_->give_back_place();
  }
  bool is_refused() const noexcept { return refused_; }

 private:
  [[gnu::noinline]] void take(Pool& pool, Admission admission) {
    if (admission == Admission::force) return;
    refused_ = !pool.reserve(admission);
    if (!refused_) pool_ = &pool;
  }

  Pool* pool_ = nullptr;
  bool refused_ = false;
};

/// `where`: who cannot wait, and why.
[[noreturn]] inline void throw_queue_full(std::size_t most, const char* where) {
  throw QueueFull("concurrent::futures: submit: " + std::to_string(most) + " calls (max_pending) wait already, and " +
                  where + ". Use try_submit there, or submit from another thread.");
}

/// What try_submit returns.
template <class Handle>
std::optional<Handle> if_admitted(Handle future) {
  return !HandleAccess::is_empty(future) ? std::optional<Handle>(std::move(future)) : std::nullopt;
}

/// How the rest of the library submits without waiting, and asks whether there is a limit. An executor of somebody
/// else's has none.
struct AdmissionAccess {
  template <class Executor>
  static consteval bool admits() {
    return requires(const Executor& executor) { executor.has_limit(); };
  }
  template <class Executor>
  static bool is_limited([[maybe_unused]] const Executor& executor) noexcept {
    if constexpr (admits<Executor>()) return executor.has_limit();
    return false;
  }
  /// A handle without a state: there was no room.
  template <class Executor, class Options, class... Call>
  static auto submit(Executor& executor, Admission admission, Options options, Call&&... call) {
    return executor.submit_item(admission, options ? &*options : nullptr, std::forward<Call>(call)...);
  }
};

}  // namespace concurrent::futures::inline v0::detail
