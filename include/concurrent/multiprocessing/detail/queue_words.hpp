// SPDX-License-Identifier: BSL-1.0
// The protocol of Queue. Items lie in nodes, and a ring of entries says in which order. A node belongs to the thread
// that writes or reads it; an entry is published, and taken, by one compare-and-swap. So nobody is ever waited for: not
// for one that was killed, and not for one that is stopped.
//
//   head, tail   positions: the next to take, the next to fill. Hints that everybody helps along: what has happened
//                stands in the entries.
//   entry        of position p: ring[p % size]. State (2 bits), version (7: counts uses), node (17), and while it is
//                taken by whom (38: slot and life of a HolderId)
//       empty → ready    put: only while tail is at it, which is so as long as its version is what put has read
//       ready → taken    get: only while head is at it, likewise
//       taken → empty    the one that took it, as soon as the node is its own; or, if it has died, whoever comes by
//       empty, passed    a hole, where tail has gone by an entry that was still taken: head makes it another version,
//                        so that no put fills it any more
//   node         owner: 0, or the HolderId of who writes it, has written it, or reads it. length; the first bytes;
//                the rest, of large items, is in a file of which each node has a piece
//   freed, ...   which nodes may be free, so that finding one does not take longer the more items there are: a ring
//                that gets write and puts read. Hints, written without care for others: a node is free as its owner
//                says
//   owed         for each holder how many items it has taken and not called task_done for
//
// Killed in put: before the entry is ready, the node has a dead owner and no entry names it: it is free again when
// nodes run short (`sweep`). After that, the item is there; others move tail. Killed in get: before the entry is taken,
// nothing has happened. After that the item is lost with its taker, and entry and node are freed by whoever meets them.
// Killed before a wake-up: sleepers look by themselves (`look_up_after`).
//
// Each process remembers how far it has seen head and tail come, and looks again when that is not far enough: neither
// ever goes back. So who puts need not read what who gets writes for each item, nor the other way round.
//
// A queue holds as many items as tail is ahead of head, once both have been helped along. A put that finds room before
// it fills the entry at tail cannot exceed the limit: while that entry is empty, tail has not moved.
#pragma once

#include <concurrent/multiprocessing/detail/holder_table.hpp>
#include <concurrent/multiprocessing/detail/item_bytes.hpp>
#include <concurrent/multiprocessing/detail/queue_sleepers.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// What one word of the ring says.
struct QueueEntry {
  enum State : std::uint32_t { empty = 0, ready = 1, taken = 2 };

  std::uint64_t word = 0;

  constexpr State state() const noexcept { return static_cast<State>(word & 3U); }
  constexpr std::uint32_t node() const noexcept { return static_cast<std::uint32_t>(word >> 9U) & 0x1ffffU; }
  constexpr std::uint64_t taker() const noexcept { return word >> 26U; }
  /// Empty, for the next use.
  constexpr QueueEntry emptied() const noexcept { return {(version() + 4) & (0x7fU << 2U)}; }
  constexpr QueueEntry ready_with(std::uint32_t its_node) const noexcept {
    return {version() | std::uint64_t{its_node} << 9U | ready};
  }
  constexpr QueueEntry taken_by(std::uint64_t its_taker) const noexcept {
    return {version() | std::uint64_t{node()} << 9U | its_taker << 26U | taken};
  }

 private:
  constexpr std::uint64_t version() const noexcept { return word & (0x7fU << 2U); }
};
static_assert(std::atomic<QueueEntry>::is_always_lock_free && sizeof(QueueEntry) == 8);

struct QueueWords {
  static constexpr std::uint64_t expected_kind = 0x33'75'65'75'71'66'63'63;  // "ccfqueu3"

  std::uint64_t kind;
  std::uint64_t type;  // of its items
  std::uint32_t most;  // items
  std::uint32_t ring;  // entries; a power of two
  std::uint32_t nodes;
  std::atomic<std::uint32_t> closed;
  alignas(64) std::atomic<std::uint64_t> head;
  alignas(64) std::atomic<std::uint64_t> tail;
  alignas(64) std::atomic<std::uint32_t> freed_count;   // hints, as all of freed, reused_count and next_node
  alignas(64) std::atomic<std::uint32_t> reused_count;  // how far puts have come in `freed`
  std::atomic<std::uint32_t> next_node;                 // where to look for a free one when `freed` names none
  alignas(64) std::atomic<std::uint32_t> freed[1024];   // 0, or 1 + a node that was freed
  alignas(64) Sleepers getters;
  Sleepers putters;
  Sleepers joiners;
  alignas(64) std::atomic<std::uint64_t> owed[HolderTable::slot_count];  // life (26 bits above) and count (32 below)
};

struct alignas(64) QueueNode {
  static constexpr std::size_t inline_bytes = small_item_bytes;
  std::atomic<std::uint64_t> owner;
  std::uint64_t length;
  std::byte bytes[inline_bytes];
};
static_assert(sizeof(QueueNode) == 256);

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
