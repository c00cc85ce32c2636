// SPDX-License-Identifier: BSL-1.0
// The order of a Queue's items: a ring of entries with a head and a tail that everybody helps along (queue_words.hpp).
//
// Who puts or takes changes an entry and then looks whether somebody sleeps (queue_sleepers.hpp); who lies down says so
// and then looks at the entries. With all of it in one order (seq_cst) one of the two sees the other.
#pragma once

#include <concurrent/multiprocessing/detail/deadline.hpp>
#include <concurrent/multiprocessing/detail/queue_nodes.hpp>
#include <concurrent/multiprocessing/detail/queue_words.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>
#include <concurrent/multiprocessing/spin.hpp>

#include <atomic>
#include <cstdint>
#include <new>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Looks at a queue's memory, which lives longer.
class QueueRing {
 public:
  /// How far head and tail have come at least, as this process has seen it.
  struct Seen {
    alignas(64) std::atomic<std::uint64_t> head{0};
    alignas(64) std::atomic<std::uint64_t> tail{0};
    std::atomic<int> close_behind{0};  // looks at tail that found few items; below 0: let_some_come has not helped
  };

  QueueRing(const SharedRecord<QueueWords>& state, const QueueNodes& nodes, Seen& seen) noexcept
      : words_(state.record()), holders_(state.holders()), extra_(state.extra()), nodes_(nodes), seen_(seen) {}

  std::uint32_t size() const;
  /// Whether an item could be put now.
  bool has_room() const;
  void let_some_go() const noexcept;
  bool publish(std::uint32_t number) const noexcept;
  bool find_item(HolderId self, std::uint64_t& position, QueueEntry& entry,
                 Deadline deadline = (Deadline::min)()) const noexcept;
  bool take(HolderId self, std::uint64_t position, QueueEntry& entry) const noexcept;
  bool names(std::uint32_t number) const noexcept;

 private:
  static constexpr std::uint64_t some = 64;  // items: eight lines of entries
  static constexpr std::uint64_t few = 16;   // items: two lines

  std::atomic<QueueEntry>& entry_at(std::uint64_t position) const noexcept {
    return *std::launder(
        reinterpret_cast<std::atomic<QueueEntry>*>(extra_ + (position & (words_.ring - 1)) * sizeof(QueueEntry)));
  }
  static void advance(std::atomic<std::uint64_t>& position, std::uint64_t from) noexcept {
    position.compare_exchange_strong(from, from + 1, std::memory_order_seq_cst);
  }
  bool tail_is_past(std::uint64_t position, Deadline deadline) const noexcept;
  void let_some_come(std::uint64_t position, Deadline deadline) const noexcept;
  bool has_room(std::uint64_t tail) const;
  void help_tail() const noexcept;
  void go_by(std::atomic<QueueEntry>& at, QueueEntry entry, std::uint64_t tail) const noexcept;
  void free_entry(std::atomic<QueueEntry>& at, QueueEntry entry, HolderId self) const noexcept;
  void recover(std::atomic<QueueEntry>& at, QueueEntry entry, HolderId self) const noexcept;

  QueueWords& words_;
  const HolderTable& holders_;
  std::byte* const extra_;
  const QueueNodes& nodes_;
  Seen& seen_;
};

/// Moves tail past what is filled.
inline void QueueRing::help_tail() const noexcept {
  for (;;) {
    const std::uint64_t tail = words_.tail.load(std::memory_order_seq_cst);
    const QueueEntry entry = entry_at(tail).load(std::memory_order_seq_cst);
    if (words_.tail.load(std::memory_order_seq_cst) != tail) continue;
    if (entry.state() == QueueEntry::empty) return;
    go_by(entry_at(tail), entry, tail);
  }
}

/// The entry at tail is not empty. A new item is gone by. What stands there as taken is of the round before: whoever
/// took it has moved head and not freed the entry yet. Is it dead, the entry is freed and used again, for gone by
/// it would count as an item; is it alive, it needs the entry only for another moment.
inline void QueueRing::go_by(std::atomic<QueueEntry>& at, QueueEntry entry, std::uint64_t tail) const noexcept {
  if (entry.state() == QueueEntry::taken && !holders_.is_short_alive(entry.taker()))
    recover(at, entry, holders_.self());
  else
    advance(words_.tail, tail);
}

inline bool QueueRing::tail_is_past(std::uint64_t position, Deadline deadline) const noexcept {
  if (seen_.tail.load(std::memory_order_acquire) > position) return true;
  if (deadline != (Deadline::min)()) let_some_come(position, deadline);
  const std::uint64_t tail = words_.tail.load(std::memory_order_seq_cst);
  if (tail <= position) return false;
  seen_.tail.store(tail, std::memory_order_release);
  return true;
}

/// Who is always a few items behind the one that puts shares all lines with it. Once that has been so for some looks,
/// waits until there are many, or no more come; where that has not helped, hardly ever again. Not past `deadline`.
inline void QueueRing::let_some_come(std::uint64_t position, Deadline deadline) const noexcept {
  constexpr int looks_before = 16;
  constexpr int looks_without = 1024;
  constexpr std::int64_t longest = 4'000;  // nanoseconds, as in let_some_go
  std::uint64_t tail = words_.tail.load(std::memory_order_relaxed);
  if (tail >= position + few) return;
  const int looks = seen_.close_behind.load(std::memory_order_relaxed);
  seen_.close_behind.store(looks + 1, std::memory_order_relaxed);
  if (looks < looks_before || has_passed(deadline)) return;
  Backoff backoff(longest);
  bool more_time = true;
  for (int in_vain = 0; more_time && in_vain < 2 && tail < position + 2 * some;) {
    more_time = backoff.again();
    const std::uint64_t seen = words_.tail.load(std::memory_order_relaxed);
    in_vain = seen == tail ? in_vain + 1 : 0;
    tail = seen;
  }
  seen_.close_behind.store(tail < position + few ? -looks_without : looks_before - 2, std::memory_order_relaxed);
}

/// Whether an item may be put at tail, as long as the entry there is empty.
inline bool QueueRing::has_room(std::uint64_t tail) const {
  if (tail - seen_.head.load(std::memory_order_relaxed) < words_.most) return true;
  const std::uint64_t head = words_.head.load(std::memory_order_seq_cst);
  seen_.head.store(head, std::memory_order_relaxed);
  return tail - head < words_.most || size() < words_.most;
}

/// The oldest item, if there is one; moves head past what is none.
inline bool QueueRing::find_item(HolderId self, std::uint64_t& position, QueueEntry& entry,
                                 Deadline deadline) const noexcept {
  for (;;) {
    const std::uint64_t head = words_.head.load(std::memory_order_seq_cst);
    std::atomic<QueueEntry>& at = entry_at(head);
    entry = at.load(std::memory_order_seq_cst);
    if (words_.head.load(std::memory_order_seq_cst) != head) continue;
    position = head;
    if (entry.state() == QueueEntry::ready) {
      // Nobody takes what tail has not gone by: the entry would be filled again at the same position.
      if (!tail_is_past(head, deadline)) advance(words_.tail, head);
      return true;
    }
    if (entry.state() == QueueEntry::taken) {
      // A ring without an item may have an entry of its last round here, which tail has not gone by. Nor may it have
      // been freed and filled before tail has: then it is the item.
      if (!tail_is_past(head, deadline)) return false;
      if (at.load(std::memory_order_seq_cst).word != entry.word) continue;
      recover(at, entry, self);
    } else {
      if (!tail_is_past(head, deadline)) return false;
      if (!at.compare_exchange_strong(entry, entry.emptied(), std::memory_order_seq_cst)) continue;
    }
    advance(words_.head, head);
  }
}

/// Makes the node the newest item. False: there is no room.
inline bool QueueRing::publish(std::uint32_t number) const noexcept {
  for (;;) {
    const std::uint64_t tail = words_.tail.load(std::memory_order_seq_cst);
    std::atomic<QueueEntry>& at = entry_at(tail);
    QueueEntry entry = at.load(std::memory_order_seq_cst);
    if (words_.tail.load(std::memory_order_seq_cst) != tail) continue;
    if (entry.state() != QueueEntry::empty) {
      go_by(at, entry, tail);
      continue;
    }
    if (!has_room(tail)) return false;
    if (!at.compare_exchange_strong(entry, entry.ready_with(number), std::memory_order_seq_cst)) continue;
    advance(words_.tail, tail);
    return true;
  }
}

inline std::uint32_t QueueRing::size() const {
  const HolderId self = holders_.self();
  std::uint64_t position = 0;
  QueueEntry entry;
  help_tail();
  if (!find_item(self, position, entry)) return 0;
  const std::uint64_t tail = words_.tail.load(std::memory_order_seq_cst);
  return tail > position ? static_cast<std::uint32_t>(tail - position) : 1;
}

/// Whether an item may be put now. Moves tail past what is filled.
inline bool QueueRing::has_room() const {
  help_tail();
  return has_room(words_.tail.load(std::memory_order_seq_cst));
}

/// Waits until some items have gone, or for some microseconds. Who has found the ring full and fills each entry as soon
/// as it is free shares all of its words with who takes from it; so they meet once for many items.
inline void QueueRing::let_some_go() const noexcept {
  constexpr std::int64_t longest = 4'000;  // nanoseconds, of one wait: in all less than a sleep and a wake-up
  const std::uint64_t enough = words_.most / 2 < some ? words_.most / 2 : some;
  const std::uint64_t from = words_.head.load(std::memory_order_relaxed);
  Backoff backoff(longest);
  while (words_.head.load(std::memory_order_relaxed) - from < enough && backoff.again()) {
  }
}

/// Takes the item that find_item has found: its node is the caller's. False: somebody else has taken it.
inline bool QueueRing::take(HolderId self, std::uint64_t position, QueueEntry& entry) const noexcept {
  std::atomic<QueueEntry>& at = entry_at(position);
  if (!at.compare_exchange_strong(entry, entry.taken_by(HolderTable::shorten(self)), std::memory_order_seq_cst))
    return false;
  advance(words_.head, position);
  free_entry(at, entry, self);
  return true;
}

inline bool QueueRing::names(std::uint32_t number) const noexcept {
  for (std::uint32_t i = 0; i < words_.ring; ++i) {
    const QueueEntry entry = entry_at(i).load(std::memory_order_seq_cst);
    if (entry.state() != QueueEntry::empty && entry.node() == number) return true;
  }
  return false;
}

/// The caller has taken the entry and so owns its node: makes the entry empty.
inline void QueueRing::free_entry(std::atomic<QueueEntry>& at, QueueEntry entry, HolderId self) const noexcept {
  nodes_.at(entry.node()).owner.store(self, std::memory_order_release);
  at.store(entry.emptied(), std::memory_order_release);
}

/// Frees entry and node of a taker that has died.
inline void QueueRing::recover(std::atomic<QueueEntry>& at, QueueEntry entry, HolderId self) const noexcept {
  if (holders_.is_short_alive(entry.taker())) return;
  const QueueEntry mine = entry.taken_by(HolderTable::shorten(self));
  if (!at.compare_exchange_strong(entry, mine, std::memory_order_seq_cst)) return;
  free_entry(at, mine, self);
  nodes_.free(mine.node());
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
