// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Whether a pool takes calls, for those without its lock: one atomic load.
class PoolAdmission {
 public:
  /// Not 0: submit has to look closer.
  std::uint32_t flags() const noexcept { return flags_.load(std::memory_order_acquire); }
  static bool is_closed(std::uint32_t flags) noexcept { return (flags & closed) != 0; }
  bool is_closed() const noexcept { return is_closed(flags_.load(std::memory_order_relaxed)); }
  bool is_traced() const noexcept { return (flags() & traced) != 0; }
  /// It waits for its first use, or has been closed before that.
  bool is_unstarted() const noexcept { return (flags() & unstarted) != 0; }
  /// It waits for its first use, which may still come.
  bool awaits_start() const noexcept { return (flags() & (closed | unstarted)) == unstarted; }
  /// Nothing of it is another process's yet.
  bool is_untouched() const noexcept { return (flags() & (unstarted | starting)) == unstarted; }

  void close() noexcept { flags_.fetch_or(closed, std::memory_order_seq_cst); }
  void set_traced() noexcept { flags_.fetch_or(traced, std::memory_order_seq_cst); }
  /// It will be started at its first use.
  void put_off() noexcept { flags_.fetch_or(unstarted, std::memory_order_seq_cst); }
  /// That has come. Workers' copies stay in this state.
  void begin_start() noexcept { flags_.fetch_or(starting, std::memory_order_seq_cst); }
  void fail_start() noexcept { flags_.fetch_and(~starting, std::memory_order_seq_cst); }
  void finish_start() noexcept { flags_.fetch_and(~(unstarted | starting), std::memory_order_seq_cst); }

 private:
  static constexpr std::uint32_t closed = 1;
  static constexpr std::uint32_t traced = 2;
  static constexpr std::uint32_t unstarted = 4;
  static constexpr std::uint32_t starting = 8;

  std::atomic<std::uint32_t> flags_{0};
};

/// What submit says of a pool that is broken for this reason.
inline std::string text_of_broken(const std::string& reason) {
  if (reason.ends_with("for more work.")) return reason;
  return reason + (reason.ends_with('.') ? "" : ".") + " Make a new executor for more work.";
}

/// What a pool still does: whether it takes calls, starts workers, and when it has come to its end. Belongs to the
/// pool's lock.
///
///   unstarted -> open -> closed -> (workers gone) -> (helper gone) -> ended
///
/// It closes for one of two reasons, or for both: it is shut down, and finishes what it has; or it is broken, and fails
/// it. Nothing opens it again, and the first reason to break stays. A broken pool starts no workers. Once the helper is
/// gone nobody answers any more, so that whatever is open has to be failed, whatever the pool was doing.
class PoolLifecycle {
 public:
  explicit PoolLifecycle(PoolAdmission& admission) noexcept : admission_(admission) {}

  void shut_down() noexcept {
    shutting_down_ = true;
    admission_.close();
  }
  /// The first reason stays. `reason` is what futures fail with.
  void break_down(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
    no_more_workers_ = true;
    admission_.close();
  }
  void note_initializer_failure(std::string text) noexcept { initializer_failure_ = std::move(text); }
  /// True: it did not leave because it was told to, and whatever is open fails.
  bool lose_helper() noexcept {
    helper_gone_ = true;
    no_more_workers_ = true;
    return !quit_sent_;
  }

  bool is_shutting_down() const noexcept { return shutting_down_; }
  bool is_broken() const noexcept { return !reason_.empty(); }
  const std::string& reason() const noexcept { return reason_; }
  bool may_start_workers() const noexcept { return !no_more_workers_; }
  /// What the initializer threw; empty: nothing.
  const std::string& initializer_failure() const noexcept { return initializer_failure_; }

  enum class Step : std::uint8_t { wait, tell_workers_to_leave, tell_helper_to_quit, done };
  /// What the end of the pool needs next. `outstanding`: calls without an outcome; `delivering`: outcomes that are
  /// being brought to their futures; `callbacks`: of futures, that have yet to run; `occupied`: slots of workers. Each
  /// of them is told once.
  Step next_step(std::size_t outstanding, std::size_t delivering, bool callbacks, std::uint32_t occupied) noexcept {
    if (!shutting_down_ || outstanding != 0 || delivering != 0 || callbacks) return Step::wait;
    if (helper_gone_) return Step::done;
    if (quit_sent_) return Step::wait;
    no_more_workers_ = true;
    if (occupied != 0) return std::exchange(leave_told_, true) ? Step::wait : Step::tell_workers_to_leave;
    quit_sent_ = true;
    return Step::tell_helper_to_quit;
  }

 private:
  PoolAdmission& admission_;
  bool shutting_down_ = false;
  bool no_more_workers_ = false;
  bool leave_told_ = false;  // to the workers
  bool quit_sent_ = false;
  bool helper_gone_ = false;
  std::string reason_;  // why it is broken; empty: it is not
  std::string initializer_failure_;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
