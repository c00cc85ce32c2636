// SPDX-License-Identifier: BSL-1.0
// A task never runs with more rights than its caller. Workers have those of the process that made the executor, so once
// that has changed its user, group or capabilities nothing more is submitted.
//
// To ask the kernel for them costs a few system calls, more than all else in a submit. But where the C library changes
// the user or group of a whole process it sends a signal to each other thread, which runs a handler before the call
// returns; and handlers run on a thread's alternate stack, if it has one. The pool's monitor thread has one for nothing
// else, filled with a pattern: as long as the pattern stands nothing was changed, and to look at it costs three
// nanoseconds. When it is gone, the kernel is asked.
#pragma once

#include <concurrent/os/rights.hpp>

#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

using os::Rights;

class RightsWatch {
 public:
  RightsWatch() noexcept = default;
  RightsWatch(const RightsWatch&) = delete;
  RightsWatch& operator=(const RightsWatch&) = delete;
  ~RightsWatch() {
    if (stack_ != nullptr) ::munmap(stack_, stack_size);
  }

  /// In the thread that makes the executor. From here on same() has to be asked.
  void begin() {
    rights_ = Rights::here();
    watches_ = rights_.may_change();
    if (!os::changes_rights_by_signals || !watches_ || stack_ != nullptr) return;
    void* const memory = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) stack_ = static_cast<std::byte*>(memory);
  }

  /// In the thread that has all signals blocked: its alternate stack becomes the one that is looked at.
  void arm() noexcept {
    if (stack_ == nullptr) return;
    fill();
    const stack_t stack{stack_, 0, stack_size};
    armed_ = ::sigaltstack(&stack, &before_) == 0;
    check_.store(true, std::memory_order_release);
    trusts_stack_.store(armed_, std::memory_order_release);
  }
  /// In the same thread, when somebody has asked for it: whatever was noted so far is forgotten, and looked for once
  /// more.
  void arm_again() noexcept {
    if (!armed_ || !used_.exchange(false)) return;
    fill();
    check_.store(true, std::memory_order_release);
    trusts_stack_.store(true, std::memory_order_release);
  }
  /// In the same thread, before its end.
  void disarm() noexcept {
    trusts_stack_.store(false, std::memory_order_release);
    if (armed_) ::sigaltstack(&before_, nullptr);
    armed_ = false;
  }

  /// Somebody may have changed what sends no signal: a thread's own capabilities.
  void look_again() noexcept {
    if (watches_) check_.store(true, std::memory_order_relaxed);
  }

  /// Whether the calling thread may do what it might when the executor was made. False with `now` set: it may not.
  bool same(Rights& now) {
    if (!watches_) return true;
    const bool trusts = trusts_stack_.load(std::memory_order_acquire);
    if (trusts && is_untouched() && !check_.load(std::memory_order_acquire)) return true;
    check_.store(false, std::memory_order_seq_cst);
    if (trusts && !is_untouched()) {
      trusts_stack_.store(false, std::memory_order_relaxed);
      used_.store(true);
    }
    now = Rights::here();
    const bool same = now == rights_;
    if (!same) check_.store(true, std::memory_order_relaxed);  // the next to ask is refused, too
    return same;
  }
  /// The thread that watches is to arm again.
  bool was_used() const noexcept { return used_.load(std::memory_order_relaxed); }

  const Rights& rights() const noexcept { return rights_; }

 private:
  static constexpr std::size_t stack_size = std::size_t{64} << 10;
  static constexpr std::uint64_t pattern = 0xA5A5A5A5A5A5A5A5;
  static constexpr std::size_t looked_at = 9;  // words at the upper end, which every kernel writes to first

  void fill() noexcept {
    auto* const words = reinterpret_cast<std::uint64_t*>(stack_);
    for (std::size_t i = stack_size / sizeof(std::uint64_t) - looked_at; i < stack_size / sizeof(std::uint64_t); ++i)
      __atomic_store_n(words + i, pattern, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  bool is_untouched() const noexcept {
    const auto* const end = reinterpret_cast<const std::uint64_t*>(stack_ + stack_size);
    std::uint64_t changed = 0;
    for (const std::uint64_t* word = end - looked_at; word != end; ++word)
      changed |= __atomic_load_n(word, __ATOMIC_RELAXED) ^ pattern;
    return changed == 0;
  }

  Rights rights_;
  bool watches_ = false;
  std::byte* stack_ = nullptr;
  stack_t before_{};
  bool armed_ = false;  // the watching thread's
  std::atomic<bool> trusts_stack_{false};
  std::atomic<bool> check_{true};
  std::atomic<bool> used_{false};
};

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
