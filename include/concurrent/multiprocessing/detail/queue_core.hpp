// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/item_bytes.hpp>
#include <concurrent/multiprocessing/detail/payload_file.hpp>
#include <concurrent/multiprocessing/detail/queue_debts.hpp>
#include <concurrent/multiprocessing/detail/queue_nodes.hpp>
#include <concurrent/multiprocessing/detail/queue_ring.hpp>
#include <concurrent/multiprocessing/detail/queue_sleepers.hpp>
#include <concurrent/multiprocessing/detail/queue_words.hpp>
#include <concurrent/multiprocessing/detail/shared_record.hpp>
#include <concurrent/pickle/errors.hpp>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// A queue of messages: what Queue<T> is without T. Its protocol stands in queue_words.hpp.
class QueueCore {
 public:
  static constexpr std::uint32_t most_items = 1U << 16U;
  static constexpr std::uint64_t largest_item = QueueNodes::largest_item;
  using Outcome = QueueOutcome;

  /// `most` from 1 to most_items. Throws: std::system_error.
  QueueCore(std::uint32_t most, std::uint64_t type)
      : state_(bytes_for(most)),
        file_(std::make_shared<PayloadFile>(PayloadFile::create(nodes_for(most) * largest_item))),
        seen_(std::make_shared<QueueRing::Seen>()) {
    state_->type = type;
    state_->most = most;
    state_->ring = ring_for(most);
    state_->nodes = nodes_for(most);
  }

  Outcome put(std::span<const std::byte> bytes, Deadline deadline) const;
  Outcome get(ItemBytes& bytes, Deadline deadline) const;
  std::uint32_t size() const;
  std::uint32_t most() const noexcept { return state_->most; }
  bool is_closed() const noexcept { return state_->closed.load(std::memory_order_seq_cst) != 0; }
  void close(bool discard) const;
  /// False: nobody owes one.
  bool task_done() const;
  void join() const;

  friend bool operator==(const QueueCore& a, const QueueCore& b) noexcept { return a.state_ == b.state_; }

  void dump(pickle::Writer& writer) const {
    state_.dump(writer);
    writer.keep(file_);
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
  QueueCore(SharedRecord<QueueWords> state, std::shared_ptr<PayloadFile> file)
      : state_(std::move(state)), file_(std::move(file)), seen_(std::make_shared<QueueRing::Seen>()) {}

  // More nodes than items: for those who are writing or reading one.
  static constexpr std::uint32_t nodes_for(std::uint32_t most) noexcept { return most + 256; }
  static constexpr std::uint32_t ring_for(std::uint32_t most) noexcept {
    std::uint32_t entries = 512;
    while (entries < 2 * most) entries *= 2;
    return entries;
  }
  static std::size_t bytes_for(std::uint32_t most) noexcept {
    return ring_for(most) * sizeof(QueueEntry) + nodes_for(most) * sizeof(QueueNode);
  }

  QueueNodes nodes() const noexcept { return {state_, *file_}; }
  QueueRing ring(const QueueNodes& nodes) const noexcept { return {state_, nodes, *seen_}; }
  QueueDebts debts() const noexcept { return QueueDebts(state_); }
  bool try_put(std::span<const std::byte> bytes, HolderId self) const;
  bool try_get(ItemBytes& bytes, HolderId self, bool owing, Deadline deadline) const;

  SharedRecord<QueueWords> state_;
  std::shared_ptr<PayloadFile> file_;
  std::shared_ptr<QueueRing::Seen> seen_;
};

inline std::uint32_t QueueCore::size() const { return ring(nodes()).size(); }

inline bool QueueCore::try_put(std::span<const std::byte> bytes, HolderId self) const {
  const QueueNodes nodes = this->nodes();
  const QueueRing ring = this->ring(nodes);
  if (!ring.has_room()) return false;
  const std::uint32_t number = nodes.take(self, [&ring](std::uint32_t node) noexcept { return ring.names(node); });
  if (number == QueueNodes::no_node) return false;
  try {
    nodes.write(number, bytes);
  } catch (...) {
    nodes.free(number);
    throw;
  }
  if (ring.publish(number)) return true;
  nodes.free(number);
  return false;
}

inline bool QueueCore::try_get(ItemBytes& bytes, HolderId self, bool owing, Deadline deadline) const {
  const QueueNodes nodes = this->nodes();
  const QueueRing ring = this->ring(nodes);
  std::uint64_t position = 0;
  QueueEntry entry;
  if (!ring.find_item(self, position, entry, deadline)) return false;
  // Owed before the item is gone from the queue: join must see it in one place or in the other.
  if (owing) debts().owe(self, 1);
  while (!ring.take(self, position, entry)) {
    if (ring.find_item(self, position, entry)) continue;
    if (owing) debts().owe(self, -1);
    return false;
  }
  const std::uint32_t number = entry.node();
  try {
    nodes.read(number, bytes);
  } catch (...) {
    nodes.free(number);
    throw;
  }
  nodes.free(number);
  return true;
}

inline QueueCore::Outcome QueueCore::put(std::span<const std::byte> bytes, Deadline deadline) const {
  if (bytes.size() > largest_item) [[unlikely]] {
    throw pickle::PicklingError("concurrent::multiprocessing: an item of " + std::to_string(bytes.size()) +
                                " bytes is too large for a Queue, which takes " + std::to_string(largest_item) +
                                ". Put an mp::SharedMemory or mp::Array into it.");
  }
  const HolderId self = state_.self();
  const Outcome outcome = wait_for(
      state_->putters, deadline,
      [&] {
        if (is_closed()) return Outcome::closed;
        return try_put(bytes, self) ? Outcome::done : Outcome::in_vain;
      },
      [&] { return ring(nodes()).has_room(); }, [&] { ring(nodes()).let_some_go(); });
  if (outcome == Outcome::done) state_->getters.wake(1);
  return outcome;
}

inline QueueCore::Outcome QueueCore::get(ItemBytes& bytes, Deadline deadline) const {
  const HolderId self = state_.self();
  const Outcome outcome = wait_for(
      state_->getters, deadline,
      [&] {
        const bool closed = is_closed();  // before the look: what was put before the close is found
        if (try_get(bytes, self, true, deadline)) return Outcome::done;
        return closed ? Outcome::closed : Outcome::in_vain;
      },
      [&] { return size() != 0; });
  if (outcome == Outcome::done) state_->putters.wake(1);
  return outcome;
}

inline void QueueCore::close(bool discard) const {
  state_->closed.store(1, std::memory_order_seq_cst);
  ItemBytes dropped;
  if (discard) {
    const HolderId self = state_.self();
    while (try_get(dropped, self, false, (Deadline::min)())) {
    }
  }
  for (Sleepers* sleepers : {&state_->getters, &state_->putters, &state_->joiners}) sleepers->wake(INT_MAX);
}

inline bool QueueCore::task_done() const {
  const bool paid = debts().pay_one(state_.self());
  if (paid) state_->joiners.wake(INT_MAX);
  return paid;
}

inline void QueueCore::join() const {
  static_cast<void>(wait_for(
      state_->joiners, (Deadline::max)(),
      [&] { return size() == 0 && debts().are_paid() ? Outcome::done : Outcome::in_vain; },
      [] { return false; }));  // all of them are woken at once
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
