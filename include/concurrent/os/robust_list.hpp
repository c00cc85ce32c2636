// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace concurrent::os::inline v0 {

/// The words that the kernel marks when the calling thread ends, however it ends: those that hang on a list which the C
/// library has told the kernel of. Each has a node of the list beside it, at the place that the list's head names.
class RobustList {
 public:
  /// What the kernel does to a word: it sets this bit if the other bits are the thread's number.
  static constexpr std::uint32_t owner_died = FUTEX_OWNER_DIED;
  static constexpr std::uint32_t thread_bits = FUTEX_TID_MASK;
  /// The kernel walks no more of a list.
  static constexpr int most = 2048;

  /// Of the calling thread, for itself alone.
  RobustList() noexcept {
    std::size_t length = 0;
    if (::syscall(SYS_get_robust_list, 0, &head_, &length) != 0) head_ = nullptr;
  }

  /// False: this C library keeps no such list.
  bool exists() const noexcept { return head_ != nullptr; }
  /// How many bytes a word lies behind its node.
  long offset() const noexcept { return head_->futex_offset; }

  /// The first node on the list that lies in [first, first + size); null if there is none.
  const void* find(const void* first, std::size_t size) const noexcept {
    int looked = 0;
    for (const robust_list* node = head_->list.next; node != &head_->list && looked < most;
         node = node->next, ++looked) {
      node = reinterpret_cast<const robust_list*>(reinterpret_cast<std::uintptr_t>(node) & ~std::uintptr_t(1));
      if (reinterpret_cast<std::uintptr_t>(node) - reinterpret_cast<std::uintptr_t>(first) < size) return node;
    }
    return nullptr;
  }

  /// From here on the kernel looks at this word, too, until `settle`.
  void try_for(void* word) noexcept {
    head_->list_op_pending = node_of(word);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  void settle() noexcept { head_->list_op_pending = nullptr; }

  /// Hangs the word onto the list for as long as the thread lives.
  void hang(void* word) noexcept {
    robust_list* const node = node_of(word);
    node->next = head_->list.next;
#ifdef __GLIBC__
    // Its list leads back as well: by the pointer that stands before each `next`.
    const auto back = [](void* next) {
      return reinterpret_cast<void**>(reinterpret_cast<std::uintptr_t>(next) & ~std::uintptr_t(1)) - 1;
    };
    *back(node) = head_;
    *back(head_->list.next) = node;
#endif
    std::atomic_signal_fence(std::memory_order_seq_cst);
    head_->list.next = node;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

 private:
  robust_list* node_of(void* word) const noexcept {
    return reinterpret_cast<robust_list*>(static_cast<std::byte*>(word) - head_->futex_offset);
  }

  robust_list_head* head_ = nullptr;
};

}  // namespace concurrent::os::inline v0
