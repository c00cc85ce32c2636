// SPDX-License-Identifier: BSL-1.0
// Large blocks of a call that go to a node before it; message.hpp, "Parts", says what holds for them.
#pragma once

#include <concurrent/futures/detail/nodes/body_writer.hpp>
#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/pickle/detail/copy_bytes.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void BodyWriter::write_large(pickle::Writer& writer, const std::byte* data, std::size_t size) {
  auto& self = static_cast<BodyWriter&>(writer);
  if (data == nullptr) {  // taken back: what follows may be other bytes than those that have gone, or are on the way
    if (self.parts.number != 0) self.void_parts();
    if (self.memory_ != nullptr) self.rebase(self.data(), self.data() + self.size());  // so that it goes elsewhere
    return self.set_write_large(nullptr);
  }
  std::byte* const to = self.claim(size);
  const std::size_t offset = self.size() - size;
  if (self.parts.number == 0 && !self.pool_->begin_parts(self.parts)) {
    pickle::detail::copy_bytes(to, data, size);
    return self.set_write_large(nullptr);
  }
  std::size_t sent = 0;
  for (std::size_t at = 0; at != size;) {
    const std::size_t piece = size - at < 2 * first_part ? size - at : first_part;
    pickle::detail::copy_past_caches(to + at, data + at, piece);
    at += piece;
    if (self.parts.number != 0 && (at == size || at - sent >= (sent == 0 ? first_part : part))) {
      self.send_part(offset + sent, offset + at, offset + size + separate_body);
      sent = at;
    }
    self.pool_->drive_parts();
  }
}

inline void BodyWriter::send_part(std::size_t begin, std::size_t end, std::size_t room) noexcept {
  try {
    parts.add(begin, end);
    const std::shared_ptr<const std::byte[]> bytes(memory_, memory_.get() + begin);
    if (pool_->send_part(parts, begin, room, {bytes, end - begin})) return;
  } catch (const std::exception&) {  // no memory: all goes with the call
  }
  void_parts();
}

inline void BodyWriter::void_parts() noexcept { pool_->end_parts(std::exchange(parts, {})); }

/// True: the node that would get the next call is another one, so that parts may go there.
inline bool NodePool::begin_parts(SentParts& parts) {
  {
    const ipc::MutexLock lock(mutex_);
    if (closed_.load(std::memory_order_relaxed) || ledger_.waiting() != 0) return false;
    const PoolNode* const node = choose_node();
    if (node == nullptr || node->link->local_pool() != nullptr || node->out >= static_cast<std::size_t>(node->limit))
      return false;
    parts.node = static_cast<std::size_t>(
        std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& one) { return one.get() == node; }) -
        nodes_.begin());
    parts.number = ++last_parts_;
    ++calls_in_parts_;
  }
  if (driver_ != nullptr) driver_->begin_to_drive();
  return true;
}

/// False: the node cannot be reached any more.
inline bool NodePool::send_part(const SentParts& parts, std::size_t at, std::size_t room, Bytes bytes) {
  const ipc::MutexLock lock(mutex_);
  const PoolNode& node = *nodes_[parts.node];
  if (!node.is_usable()) return false;
  MessageWriter message(MessageKind::part, id_);
  message << parts.number << at << room;
  node.link->send(message.finish(std::move(bytes)));
  return true;
}

/// Looks whether something goes on, between two pieces of a copy.
inline void NodePool::drive_parts() noexcept {
  if (driver_ != nullptr) driver_->drive();
}

/// With the lock: the node has them, and may get the call, of which they are the better part: the rest is copied.
inline bool NodePool::takes_call_of(const SentParts& parts, const NodeItem& item) const noexcept {
  return ledger_.first_waiting() == &item && nodes_[parts.node]->has_credit() && item.bytes.size / 2 <= parts.size();
}

/// There will be no call of these parts, or it has been sent.
inline void NodePool::end_parts(const SentParts& parts, bool are_void) noexcept {
  if (driver_ != nullptr) driver_->stop_driving();
  bool is_waited_for = false;
  {
    const ipc::MutexLock lock(mutex_);
    --calls_in_parts_;
    is_waited_for = closed_.load(std::memory_order_relaxed);
    try {
      if (are_void)
        nodes_[parts.node]->link->send((MessageWriter(MessageKind::part_void, id_) << parts.number).finish());
    } catch (const std::exception&) {  // no memory: the node has them until the pool ends
    }
  }
  if (is_waited_for) wake_manager();
}

/// With what no part had.
inline Message NodePool::finish_with_rest(MessageWriter& message, const Bytes& bytes, const SentParts& parts) {
  const std::size_t size = bytes.size - parts.size();
  std::shared_ptr<std::byte[]> memory = size < separate_body ? nullptr : body_memory(size);
  std::byte* to = memory != nullptr ? memory.get() : message.claim(size);
  parts.for_each_gap(bytes.size, [&](std::size_t begin, std::size_t end) {
    std::memcpy(to, bytes.data.get() + begin, end - begin);
    to += end - begin;
  });
  return memory != nullptr ? message.finish({std::move(memory), size}) : message.finish();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
