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

#include <concurrent/version.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// One half of a thread's capabilities, as the system call capget gives it in its third version, in two such halves.
struct CapabilityWords {
  std::uint32_t effective = 0;
  std::uint32_t permitted = 0;
  std::uint32_t inheritable = 0;
};

/// What the calling thread may do.
struct Rights {
  uid_t users[3]{};   // real, effective, saved
  gid_t groups[3]{};  // likewise
  std::vector<gid_t> more_groups;
  CapabilityWords capabilities[2]{};

  static Rights here() {
    Rights rights;
    ::getresuid(&rights.users[0], &rights.users[1], &rights.users[2]);
    ::getresgid(&rights.groups[0], &rights.groups[1], &rights.groups[2]);
    const int count = ::getgroups(0, nullptr);
    rights.more_groups.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (count > 0 && ::getgroups(count, rights.more_groups.data()) != count) rights.more_groups.clear();
    struct {
      std::uint32_t version = 0x20080522;
      int thread = 0;  // the calling one
    } header;
    ::syscall(SYS_capget, &header, rights.capabilities);
    return rights;
  }

  friend bool operator==(const Rights& a, const Rights& b) noexcept {
    bool same = a.more_groups == b.more_groups;
    for (int i = 0; i < 3; ++i) same = same && a.users[i] == b.users[i] && a.groups[i] == b.groups[i];
    for (int i = 0; i < 2; ++i) {
      same = same && a.capabilities[i].effective == b.capabilities[i].effective &&
             a.capabilities[i].permitted == b.capabilities[i].permitted;
    }
    return same;
  }

  /// False: there is nothing that it could change, or give up.
  bool may_change() const noexcept {
    return users[0] != users[1] || users[1] != users[2] || groups[0] != groups[1] || groups[1] != groups[2] ||
           capabilities[0].permitted != 0 || capabilities[1].permitted != 0;
  }

  /// For messages.
  std::string text() const {
    return "user " + std::to_string(users[1]) + ", group " + std::to_string(groups[1]) +
           (capabilities[0].effective != 0 || capabilities[1].effective != 0 ? " and capabilities"
                                                                             : " and no capabilities");
  }
};

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
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34))
    if (!watches_ || stack_ != nullptr) return;
    void* const memory = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) stack_ = static_cast<std::byte*>(memory);
#endif
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
