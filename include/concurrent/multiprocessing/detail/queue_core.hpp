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
//       so
//                        that no put fills it any more
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

#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/multiprocessing/detail/item_bytes.hpp>
#include <concurrent/multiprocessing/detail/payload_file.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>
#include <concurrent/multiprocessing/spin.hpp>
#include <concurrent/pickle/errors.hpp>

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Those who wait for something: a count to sleep on, and whether somebody may be asleep.
struct Sleepers {
  std::atomic<std::uint32_t> count;
  std::atomic<std::uint32_t> there;

  void wake(int n) noexcept {
    if (there.load(std::memory_order_seq_cst) == 0) return;
    there.store(0, std::memory_order_seq_cst);
    count.fetch_add(1, std::memory_order_release);
    futex_wake(count, n, true);
  }
};

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

/// A queue of messages: what Queue<T> is without T.
class QueueCore {
 public:
  static constexpr std::uint32_t most_items = 1U << 16U;
  static constexpr std::uint64_t largest_item = std::uint64_t(1) << 32U;
  enum class Outcome { done, in_vain, closed };

  /// `most` from 1 to most_items. Throws: std::system_error.
  QueueCore(std::uint32_t most, std::uint64_t type)
      : state_(bytes_for(most)),
        file_(std::make_shared<PayloadFile>(PayloadFile::create(nodes_for(most) * largest_item))),
        seen_(std::make_shared<Seen>()) {
    state_->type = type;
    state_->most = most;
    state_->ring = ring_for(most);
    state_->nodes = nodes_for(most);
  }

  Outcome put(std::span<const std::byte> bytes, Deadline deadline) const;
  Outcome get(ItemBytes& bytes, Deadline deadline) const;
  std::uint32_t size() const;
  std::uint32_t most() const noexcept { return state_->most; }
  bool is_closed() const noexcept { return state_->closed.load(std::memory_order_acquire) != 0; }
  void close(bool discard) const;
  /// False: nobody owes one.
  bool task_done() const;
  void join() const;

  friend bool operator==(const QueueCore& a, const QueueCore& b) noexcept { return a.state_ == b.state_; }

  void dump(pickle::Writer& writer) const {
    state_.dump(writer);
    file_->name().dump(writer);
  }
  static QueueCore load(pickle::Reader& reader, std::uint64_t type) {
    auto state = SharedRecord<QueueWords>::load(reader);
    const SharedName name = SharedName::load(reader);
    const std::uint32_t most = state->most;
    if (state->type != type || most == 0 || most > most_items || state->ring != ring_for(most) ||
        state->nodes != nodes_for(most) || state.extra_size() != bytes_for(most) ||
        name.size != nodes_for(most) * largest_item) {
      reader.refuse("the shared memory is no Queue of this type");
    }
    return QueueCore(std::move(state), std::make_shared<PayloadFile>(PayloadFile::open(name)));
  }

 private:
  using Entry = std::uint64_t;
  enum State : std::uint32_t { empty = 0, ready = 1, taken = 2 };
  /// How far head and tail have come at least, as this process has seen it.
  struct Seen {
    alignas(64) std::atomic<std::uint64_t> head{0};
    alignas(64) std::atomic<std::uint64_t> tail{0};
  };

  QueueCore(SharedRecord<QueueWords> state, std::shared_ptr<PayloadFile> file)
      : state_(std::move(state)), file_(std::move(file)), seen_(std::make_shared<Seen>()) {}

  // More nodes than items: for those who are writing or reading one.
  static constexpr std::uint32_t nodes_for(std::uint32_t most) noexcept { return most + 256; }
  static constexpr std::uint32_t ring_for(std::uint32_t most) noexcept {
    std::uint32_t entries = 512;
    while (entries < 2 * most) entries *= 2;
    return entries;
  }
  static std::size_t bytes_for(std::uint32_t most) noexcept {
    return ring_for(most) * sizeof(Entry) + nodes_for(most) * sizeof(QueueNode);
  }

  static constexpr std::uint32_t state_of(Entry entry) noexcept { return static_cast<std::uint32_t>(entry & 3U); }
  static constexpr std::uint32_t node_of(Entry entry) noexcept {
    return static_cast<std::uint32_t>(entry >> 9U) & 0x1ffffU;
  }
  static constexpr std::uint64_t taker_of(Entry entry) noexcept { return entry >> 26U; }
  static constexpr Entry version_of(Entry entry) noexcept { return entry & (0x7fU << 2U); }
  static constexpr Entry empty_after(Entry entry) noexcept { return (version_of(entry) + 4) & (0x7fU << 2U); }
  static constexpr Entry ready_with(Entry entry, std::uint32_t node) noexcept {
    return version_of(entry) | Entry(node) << 9U | ready;
  }
  static constexpr Entry taken_by(Entry entry, std::uint64_t taker) noexcept {
    return version_of(entry) | Entry(node_of(entry)) << 9U | taker << 26U | taken;
  }

  std::atomic<Entry>& entry_at(std::uint64_t position) const noexcept {
    return *std::launder(
        reinterpret_cast<std::atomic<Entry>*>(state_.extra() + (position & (state_->ring - 1)) * sizeof(Entry)));
  }
  QueueNode& node(std::uint32_t i) const noexcept {
    std::byte* const nodes = state_.extra() + state_->ring * sizeof(Entry);
    return *std::launder(reinterpret_cast<QueueNode*>(nodes + (i % state_->nodes) * sizeof(QueueNode)));
  }
  std::uint64_t place_of(std::uint32_t node) const noexcept { return node * largest_item; }

  static void advance(std::atomic<std::uint64_t>& position, std::uint64_t from) noexcept {
    position.compare_exchange_strong(from, from + 1, std::memory_order_acq_rel);
  }
  bool tail_is_past(std::uint64_t position) const noexcept;
  bool has_room(std::uint64_t tail) const;
  bool find_item(HolderId self, std::uint64_t& position, Entry& entry) const noexcept;
  void help_tail() const noexcept;
  void go_by(std::atomic<Entry>& at, Entry entry, std::uint64_t tail) const noexcept;
  bool publish(std::uint32_t number) const noexcept;
  std::uint32_t take_node(HolderId self) const noexcept;
  bool take_node(HolderId self, std::uint32_t number) const noexcept;
  std::uint32_t freed_node() const noexcept;
  void sweep() const noexcept;
  void free_node(std::uint32_t number) const noexcept;
  void free_entry(std::atomic<Entry>& at, Entry entry, HolderId self) const noexcept;
  void recover(std::atomic<Entry>& at, Entry entry, HolderId self) const noexcept;
  bool try_put(std::span<const std::byte> bytes, HolderId self) const;
  bool try_get(ItemBytes& bytes, HolderId self, bool owing) const;
  void owe(HolderId self, int more) const noexcept;
  bool pay(std::atomic<std::uint64_t>& cell) const noexcept;
  bool all_done() const noexcept;
  template <class Attempt>
  Outcome wait_for(Sleepers& sleepers, Deadline deadline, Attempt attempt) const;

  SharedRecord<QueueWords> state_;
  std::shared_ptr<PayloadFile> file_;
  std::shared_ptr<Seen> seen_;
};

inline constexpr std::uint32_t no_node = ~std::uint32_t(0);

// Positions and entries.

/// Moves tail past what is filled.
inline void QueueCore::help_tail() const noexcept {
  for (;;) {
    const std::uint64_t tail = state_->tail.load(std::memory_order_acquire);
    const Entry entry = entry_at(tail).load(std::memory_order_acquire);
    if (state_->tail.load(std::memory_order_acquire) != tail) continue;
    if (state_of(entry) == empty) return;
    go_by(entry_at(tail), entry, tail);
  }
}

/// The entry at tail is not empty. A new item is gone by. What stands there as taken is of the round before: whoever
/// took it has moved head and not freed the entry yet. Is it dead, the entry is freed and the place used, for gone by
/// it would count as an item; is it alive, it needs the place only for another moment.
inline void QueueCore::go_by(std::atomic<Entry>& at, Entry entry, std::uint64_t tail) const noexcept {
  if (state_of(entry) == taken && !state_.holders().is_short_alive(taker_of(entry)))
    recover(at, entry, state_.self());
  else
    advance(state_->tail, tail);
}

inline bool QueueCore::tail_is_past(std::uint64_t position) const noexcept {
  if (seen_->tail.load(std::memory_order_acquire) > position) return true;
  const std::uint64_t tail = state_->tail.load(std::memory_order_acquire);
  if (tail <= position) return false;
  seen_->tail.store(tail, std::memory_order_release);
  return true;
}

/// Whether an item may be put at tail, as long as the entry there is empty.
inline bool QueueCore::has_room(std::uint64_t tail) const {
  if (tail - seen_->head.load(std::memory_order_acquire) < state_->most) return true;
  const std::uint64_t head = state_->head.load(std::memory_order_acquire);
  seen_->head.store(head, std::memory_order_release);
  return tail - head < state_->most || size() < state_->most;
}

/// The oldest item, if there is one; moves head past what is none.
inline bool QueueCore::find_item(HolderId self, std::uint64_t& position, Entry& entry) const noexcept {
  for (;;) {
    const std::uint64_t head = state_->head.load(std::memory_order_acquire);
    std::atomic<Entry>& at = entry_at(head);
    entry = at.load(std::memory_order_acquire);
    if (state_->head.load(std::memory_order_acquire) != head) continue;
    position = head;
    if (state_of(entry) == ready) {
      // Nobody takes what tail has not gone by: the entry would be filled again at the same position.
      if (!tail_is_past(head)) advance(state_->tail, head);
      return true;
    }
    if (state_of(entry) == taken) {
      // A ring without an item may have an entry of its last round here, which tail has not gone by.
      if (!tail_is_past(head)) return false;
      recover(at, entry, self);
    } else {
      if (!tail_is_past(head)) return false;
      if (!at.compare_exchange_strong(entry, empty_after(entry), std::memory_order_acq_rel)) continue;
    }
    advance(state_->head, head);
  }
}

/// Makes the node the newest item. False: there is no room.
inline bool QueueCore::publish(std::uint32_t number) const noexcept {
  for (;;) {
    const std::uint64_t tail = state_->tail.load(std::memory_order_acquire);
    std::atomic<Entry>& at = entry_at(tail);
    Entry entry = at.load(std::memory_order_acquire);
    if (state_->tail.load(std::memory_order_acquire) != tail) continue;
    if (state_of(entry) != empty) {
      go_by(at, entry, tail);
      continue;
    }
    if (!has_room(tail)) return false;
    if (!at.compare_exchange_strong(entry, ready_with(entry, number), std::memory_order_acq_rel)) continue;
    advance(state_->tail, tail);
    return true;
  }
}

inline std::uint32_t QueueCore::size() const {
  const HolderId self = state_.self();
  std::uint64_t position = 0;
  Entry entry = 0;
  help_tail();
  if (!find_item(self, position, entry)) return 0;
  const std::uint64_t tail = state_->tail.load(std::memory_order_acquire);
  return tail > position ? static_cast<std::uint32_t>(tail - position) : 1;
}

// Nodes.

inline void QueueCore::free_node(std::uint32_t number) const noexcept {
  QueueNode& its = node(number);
  if (its.length > QueueNode::inline_bytes) file_->forget(place_of(number), its.length);
  its.owner.store(0, std::memory_order_release);
  const std::uint32_t count = state_->freed_count.load(std::memory_order_relaxed);
  state_->freed[count % std::size(state_->freed)].store(number + 1, std::memory_order_relaxed);
  state_->freed_count.store(count + 1, std::memory_order_relaxed);
}

/// A node that was freed, and is for the caller if it can take it; no_node.
inline std::uint32_t QueueCore::freed_node() const noexcept {
  const std::uint32_t count = state_->reused_count.load(std::memory_order_relaxed);
  std::atomic<std::uint32_t>& next = state_->freed[count % std::size(state_->freed)];
  const std::uint32_t number = next.load(std::memory_order_relaxed);
  if (number == 0 || number > state_->nodes) {  // all are used, or those who write have gone round more than once
    const std::uint32_t freed = state_->freed_count.load(std::memory_order_relaxed);
    if (freed != count) state_->reused_count.store(freed, std::memory_order_relaxed);
    return no_node;
  }
  next.store(0, std::memory_order_relaxed);
  state_->reused_count.store(count + 1, std::memory_order_relaxed);
  return number - 1;
}

inline bool QueueCore::take_node(HolderId self, std::uint32_t number) const noexcept {
  std::uint64_t nobody = 0;
  if (node(number).owner.load(std::memory_order_relaxed) != 0 ||
      !node(number).owner.compare_exchange_strong(nobody, self, std::memory_order_acq_rel))
    return false;
  node(number).length = 0;
  return true;
}

/// The caller has taken the entry and so owns its node: makes the entry empty.
inline void QueueCore::free_entry(std::atomic<Entry>& at, Entry entry, HolderId self) const noexcept {
  node(node_of(entry)).owner.store(self, std::memory_order_release);
  at.store(empty_after(entry), std::memory_order_release);
}

/// Frees entry and node of a taker that has died.
inline void QueueCore::recover(std::atomic<Entry>& at, Entry entry, HolderId self) const noexcept {
  if (state_.holders().is_short_alive(taker_of(entry))) return;
  const Entry mine = taken_by(entry, HolderTable::shorten(self));
  if (!at.compare_exchange_strong(entry, mine, std::memory_order_acq_rel)) return;
  free_entry(at, mine, self);
  free_node(node_of(mine));
}

inline std::uint32_t QueueCore::take_node(HolderId self) const noexcept {
  for (int tries = 0; tries < 4; ++tries) {  // some may have been found by looking at all, below
    const std::uint32_t freed = freed_node();
    if (freed == no_node) break;
    if (take_node(self, freed)) return freed;
  }
  for (int round = 0; round < 2; ++round) {
    const std::uint32_t first = state_->next_node.load(std::memory_order_relaxed) % state_->nodes;
    for (std::uint32_t i = 0; i < state_->nodes; ++i) {
      const std::uint32_t number = (first + i) % state_->nodes;
      if (!take_node(self, number)) continue;
      state_->next_node.store(number + 1, std::memory_order_relaxed);
      return number;
    }
    if (round == 0) sweep();
  }
  return no_node;
}

/// Frees the nodes of those who have died while they wrote or read them. What a dead one has put is named by an entry.
inline void QueueCore::sweep() const noexcept {
  for (std::uint32_t i = 0; i < state_->nodes; ++i) {
    std::uint64_t owner = node(i).owner.load(std::memory_order_acquire);
    if (owner == 0 || state_.holders().is_alive(owner)) continue;
    bool named = false;
    for (std::uint32_t e = 0; e < state_->ring && !named; ++e) {
      const Entry entry = entry_at(e).load(std::memory_order_acquire);
      named = state_of(entry) != empty && node_of(entry) == i;
    }
    if (named) continue;
    const std::uint64_t length = node(i).length;
    if (node(i).owner.compare_exchange_strong(owner, 0, std::memory_order_acq_rel) &&
        length > QueueNode::inline_bytes && length <= largest_item) {
      file_->forget(place_of(i), length);
    }
  }
}

// put and get.

inline bool QueueCore::try_put(std::span<const std::byte> bytes, HolderId self) const {
  help_tail();
  if (!has_room(state_->tail.load(std::memory_order_acquire))) return false;
  const std::uint32_t number = take_node(self);
  if (number == no_node) return false;
  QueueNode& mine = node(number);
  mine.length = bytes.size();
  if (bytes.size() <= QueueNode::inline_bytes) {
    std::memcpy(mine.bytes, bytes.data(), bytes.size());
  } else {
    try {
      file_->write(bytes, place_of(number));
    } catch (...) {
      free_node(number);
      throw;
    }
  }
  if (publish(number)) return true;
  free_node(number);
  return false;
}

inline bool QueueCore::try_get(ItemBytes& bytes, HolderId self, bool owing) const {
  std::uint64_t position = 0;
  Entry entry = 0;
  if (!find_item(self, position, entry)) return false;
  if (owing) owe(self, 1);  // before the item is gone from the queue: join must see it in one place or in the other
  while (!entry_at(position).compare_exchange_strong(entry, taken_by(entry, HolderTable::shorten(self)),
                                                     std::memory_order_acq_rel)) {
    if (find_item(self, position, entry)) continue;
    if (owing) owe(self, -1);
    return false;
  }
  const std::uint32_t number = node_of(entry);
  advance(state_->head, position);
  free_entry(entry_at(position), entry, self);
  const std::uint64_t length = (std::min)(node(number).length, largest_item);
  try {
    bytes.resize(length);
    if (length <= QueueNode::inline_bytes) {
      std::memcpy(bytes.data(), node(number).bytes, length);
    } else {
      file_->read(bytes.span(), place_of(number));
    }
  } catch (...) {
    free_node(number);
    throw;
  }
  free_node(number);
  return true;
}

/// `attempt` says what it has achieved.
template <class Attempt>
QueueCore::Outcome QueueCore::wait_for(Sleepers& sleepers, Deadline deadline, Attempt attempt) const {
  constexpr std::int64_t longest_spin = 5'000;  // nanoseconds: about what a sleep and a wake-up cost
  Polling polling(longest_spin);
  bool slept = false;
  for (;;) {
    const std::uint32_t count = sleepers.count.load(std::memory_order_acquire);
    Outcome outcome = attempt();
    if (outcome == Outcome::in_vain && !has_passed(deadline)) {
      if (polling.again()) continue;
      sleepers.there.store(1, std::memory_order_seq_cst);  // then look again: who came in between saw nobody
      outcome = attempt();
    } else if (slept && outcome == Outcome::done) {
      sleepers.there.store(1, std::memory_order_seq_cst);  // others may sleep still
    }
    if (outcome != Outcome::in_vain || has_passed(deadline)) return outcome;
    futex_wait(sleepers.count, count, next_look_up(deadline), true);
    slept = true;
  }
}

inline QueueCore::Outcome QueueCore::put(std::span<const std::byte> bytes, Deadline deadline) const {
  if (bytes.size() > largest_item) [[unlikely]] {
    throw pickle::PicklingError("concurrent::multiprocessing: an item of " + std::to_string(bytes.size()) +
                                " bytes is too large for a Queue, which takes " + std::to_string(largest_item) +
                                ". Put an mp::SharedMemory or mp::Array into it.");
  }
  const HolderId self = state_.self();
  const Outcome outcome = wait_for(state_->putters, deadline, [&] {
    if (is_closed()) return Outcome::closed;
    return try_put(bytes, self) ? Outcome::done : Outcome::in_vain;
  });
  if (outcome == Outcome::done) state_->getters.wake(1);
  return outcome;
}

inline QueueCore::Outcome QueueCore::get(ItemBytes& bytes, Deadline deadline) const {
  const HolderId self = state_.self();
  const Outcome outcome = wait_for(state_->getters, deadline, [&] {
    const bool closed = is_closed();  // before the look: what was put before the close is found
    if (try_get(bytes, self, true)) return Outcome::done;
    return closed ? Outcome::closed : Outcome::in_vain;
  });
  if (outcome == Outcome::done) state_->putters.wake(1);
  return outcome;
}

inline void QueueCore::close(bool discard) const {
  state_->closed.store(1, std::memory_order_seq_cst);
  ItemBytes dropped;
  if (discard) {
    const HolderId self = state_.self();
    while (try_get(dropped, self, false)) {
    }
  }
  for (Sleepers* sleepers : {&state_->getters, &state_->putters, &state_->joiners}) sleepers->wake(INT_MAX);
}

// What was taken and is not done.

inline void QueueCore::owe(HolderId self, int more) const noexcept {
  const std::uint64_t name = HolderTable::shorten(self);
  const std::uint64_t life = name >> 12U << 32U;
  std::atomic<std::uint64_t>& cell = state_->owed[name % HolderTable::slot_count];
  std::uint64_t seen = cell.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t count = seen >> 32U == life >> 32U ? seen & 0xffffffffU : 0;
    if (more < 0 && count == 0) return;
    const std::uint64_t then = life | (more < 0 ? count - 1 : count + 1);
    if (cell.compare_exchange_weak(seen, then, std::memory_order_seq_cst, std::memory_order_relaxed)) return;
  }
}

inline bool QueueCore::pay(std::atomic<std::uint64_t>& cell) const noexcept {
  const auto slot = static_cast<std::uint64_t>(&cell - state_->owed);
  std::uint64_t seen = cell.load(std::memory_order_acquire);
  while ((seen & 0xffffffffU) != 0 && state_.holders().is_short_alive(slot | seen >> 32U << 12U)) {
    if (cell.compare_exchange_weak(seen, seen - 1, std::memory_order_seq_cst)) return true;
  }
  return false;
}

inline bool QueueCore::task_done() const {
  const HolderId self = state_.self();
  bool paid = pay(state_->owed[HolderTable::shorten(self) % HolderTable::slot_count]);
  for (std::uint32_t i = 0; i < HolderTable::slot_count && !paid; ++i) paid = pay(state_->owed[i]);
  if (paid) state_->joiners.wake(INT_MAX);
  return paid;
}

inline bool QueueCore::all_done() const noexcept {
  for (std::uint32_t i = 0; i < HolderTable::slot_count; ++i) {
    const std::uint64_t seen = state_->owed[i].load(std::memory_order_seq_cst);
    if ((seen & 0xffffffffU) != 0 && state_.holders().is_short_alive(i | seen >> 32U << 12U)) return false;
  }
  return true;
}

inline void QueueCore::join() const {
  static_cast<void>(wait_for(state_->joiners, (Deadline::max)(),
                             [&] { return size() == 0 && all_done() ? Outcome::done : Outcome::in_vain; }));
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
