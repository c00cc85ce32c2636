// SPDX-License-Identifier: BSL-1.0
// The nodes of a Queue, in which its items lie: who takes one, writes and reads it, and frees it (queue_words.hpp).
#pragma once

#include <concurrent/multiprocessing/detail/item_bytes.hpp>
#include <concurrent/multiprocessing/detail/payload_file.hpp>
#include <concurrent/multiprocessing/detail/queue_words.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <new>
#include <span>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {
/// Looks at a queue's memory and file, which live longer.
class QueueNodes {
 public:
  static constexpr std::uint32_t no_node = ~std::uint32_t(0);
  static constexpr std::uint64_t largest_item = std::uint64_t(1) << 32U;

  QueueNodes(const SharedRecord<QueueWords>& state, const PayloadFile& file) noexcept
      : words_(state.record()), holders_(state.holders()), extra_(state.extra()), file_(file) {}

  QueueNode& at(std::uint32_t i) const noexcept {
    std::byte* const nodes = extra_ + words_.ring * sizeof(QueueEntry);
    return *std::launder(reinterpret_cast<QueueNode*>(nodes + (i % words_.nodes) * sizeof(QueueNode)));
  }
  /// One that is the caller's from now on; no_node. `is_named` says of a node whether an entry of the ring names it.
  template <class IsNamed>
  std::uint32_t take(HolderId self, IsNamed is_named) const noexcept;
  void free(std::uint32_t number) const noexcept;
  /// Of a node that is the caller's. Throws: std::system_error, std::bad_alloc.
  void write(std::uint32_t number, std::span<const std::byte> bytes) const;
  void read(std::uint32_t number, ItemBytes& bytes) const;

 private:
  std::uint64_t offset_of(std::uint32_t number) const noexcept { return number * largest_item; }
  bool try_take(HolderId self, std::uint32_t number) const noexcept;
  std::uint32_t freed() const noexcept;
  template <class IsNamed>
  void sweep(IsNamed is_named) const noexcept;

  QueueWords& words_;
  const HolderTable& holders_;
  std::byte* const extra_;
  const PayloadFile& file_;
};

inline void QueueNodes::free(std::uint32_t number) const noexcept {
  QueueNode& its = at(number);
  if (its.length > QueueNode::inline_bytes) file_.forget(offset_of(number), its.length);
  its.owner.store(0, std::memory_order_release);
  const std::uint32_t count = words_.freed_count.load(std::memory_order_relaxed);
  words_.freed[count % std::size(words_.freed)].store(number + 1, std::memory_order_relaxed);
  words_.freed_count.store(count + 1, std::memory_order_relaxed);
}

/// A node that was freed, and is for the caller if it can take it; no_node.
inline std::uint32_t QueueNodes::freed() const noexcept {
  const std::uint32_t count = words_.reused_count.load(std::memory_order_relaxed);
  std::atomic<std::uint32_t>& next = words_.freed[count % std::size(words_.freed)];
  const std::uint32_t number = next.load(std::memory_order_relaxed);
  if (number == 0 || number > words_.nodes) {  // all are used, or those who write have gone round more than once
    const std::uint32_t freed_count = words_.freed_count.load(std::memory_order_relaxed);
    if (freed_count != count) words_.reused_count.store(freed_count, std::memory_order_relaxed);
    return no_node;
  }
  next.store(0, std::memory_order_relaxed);
  // Who freed the node that comes after the next has its line.
  const std::uint32_t later = words_.freed[(count + 2) % std::size(words_.freed)].load(std::memory_order_relaxed);
  if (later != 0) __builtin_prefetch(&at(later - 1), 1);
  words_.reused_count.store(count + 1, std::memory_order_relaxed);
  return number - 1;
}

inline bool QueueNodes::try_take(HolderId self, std::uint32_t number) const noexcept {
  std::uint64_t nobody = 0;
  if (at(number).owner.load(std::memory_order_relaxed) != 0 ||
      !at(number).owner.compare_exchange_strong(nobody, self, std::memory_order_acq_rel))
    return false;
  at(number).length = 0;
  return true;
}

template <class IsNamed>
std::uint32_t QueueNodes::take(HolderId self, IsNamed is_named) const noexcept {
  for (int tries = 0; tries < 4; ++tries) {  // some may have been found by looking at all, below
    const std::uint32_t number = freed();
    if (number == no_node) break;
    if (try_take(self, number)) return number;
  }
  for (int round = 0; round < 2; ++round) {
    const std::uint32_t first = words_.next_node.load(std::memory_order_relaxed) % words_.nodes;
    for (std::uint32_t i = 0; i < words_.nodes; ++i) {
      const std::uint32_t number = (first + i) % words_.nodes;
      if (!try_take(self, number)) continue;
      words_.next_node.store(number + 1, std::memory_order_relaxed);
      return number;
    }
    if (round == 0) sweep(is_named);
  }
  return no_node;
}

/// Frees the nodes of those who have died while they wrote or read them. What a dead one has put is named by an entry.
template <class IsNamed>
void QueueNodes::sweep(IsNamed is_named) const noexcept {
  for (std::uint32_t i = 0; i < words_.nodes; ++i) {
    std::uint64_t owner = at(i).owner.load(std::memory_order_acquire);
    if (owner == 0 || holders_.is_alive(owner)) continue;
    if (is_named(i)) continue;
    const std::uint64_t length = at(i).length;
    if (at(i).owner.compare_exchange_strong(owner, 0, std::memory_order_release) && length > QueueNode::inline_bytes &&
        length <= largest_item) {
      file_.forget(offset_of(i), length);
    }
  }
}

inline void QueueNodes::write(std::uint32_t number, std::span<const std::byte> bytes) const {
  QueueNode& mine = at(number);
  mine.length = bytes.size();
  if (bytes.size() <= QueueNode::inline_bytes) {
    std::memcpy(mine.bytes, bytes.data(), bytes.size());
  } else {
    file_.write(bytes, offset_of(number));
  }
}

inline void QueueNodes::read(std::uint32_t number, ItemBytes& bytes) const {
  const std::uint64_t length = (std::min)(at(number).length, largest_item);
  bytes.resize(length);
  if (length <= QueueNode::inline_bytes) {
    std::memcpy(bytes.data(), at(number).bytes, length);
  } else {
    file_.read(bytes.span(), offset_of(number));
  }
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
