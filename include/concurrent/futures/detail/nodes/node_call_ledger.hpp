// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/node_item.hpp>
#include <concurrent/futures/detail/pool/priority_list.hpp>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// The calls of a pool over several nodes that are not done, and where each of them is. Belongs to the pool's lock.
///
/// From add() to close() a call is *outstanding*, and in one place: it waits here, or it has been sent to a node, under
/// a ticket that no other sending has. Only what has been sent can have been asked back.
class NodeCallLedger {
 public:
  std::size_t outstanding() const noexcept { return outstanding_; }

  /// The last of its priority. Throws std::bad_alloc; nothing has happened then.
  void add(NodeItem& item) {
    waiting_.enter(item);
    ++outstanding_;
    waiting_.push_back(item);
    item.location = NodeItem::Location::waiting;
  }
  /// The pool has done with it, but for publishing its outcome.
  void close(NodeItem& item) noexcept {
    if (item.location == NodeItem::Location::waiting) waiting_.remove(item);
    if (item.location == NodeItem::Location::sent) sent_.erase(item.ticket);
    note_answer(item);
    waiting_.leave(item);
    item.location = NodeItem::Location::gone;
    --outstanding_;
  }

  // ---- what waits for its turn, in that order
  std::size_t waiting() const noexcept { return waiting_.size(); }
  NodeItem* first_waiting() const noexcept { return waiting_.front(); }
  /// It has been sent, has come back, and is the next to be sent.
  void put_back(NodeItem& item) noexcept {
    sent_.erase(item.ticket);
    note_answer(item);
    waiting_.push_front(item);
    item.location = NodeItem::Location::waiting;
  }

  // ---- what has been sent
  /// It waits, and is about to go to this node. Throws std::bad_alloc; it still waits then.
  void mark_sent(NodeItem& item, std::size_t node) {
    sent_.emplace(last_ticket_ + 1, &item);
    waiting_.remove(item);
    item.ticket = ++last_ticket_;
    item.node = node;
    item.location = NodeItem::Location::sent;
    item.begun = false;
    item.done = item.total = 0;
  }
  /// Null: no call has been sent under that ticket, or it has come back.
  NodeItem* find(std::uint64_t ticket) const noexcept {
    const auto at = sent_.find(ticket);
    return at != sent_.end() ? at->second : nullptr;
  }
  /// Calls visit(item) for each that has been sent; it may do what it likes with that one.
  template <class Visit>
  void for_each_sent(const Visit& visit) {
    for (auto at = sent_.begin(); at != sent_.end();) {
      NodeItem& item = *at->second;
      ++at;
      visit(item);
    }
  }
  /// One of them of which this is true; null: there is none.
  template <class Predicate>
  NodeItem* find_sent(const Predicate& is_it) const {
    for (const auto& [ticket, item] : sent_) {
      if (is_it(*item)) return item;
    }
    return nullptr;
  }

  // ---- what a shutdown that cancels has asked nodes for
  std::size_t asked_back() const noexcept { return asked_back_; }
  void ask_back(NodeItem& item) noexcept {
    if (!std::exchange(item.asked_back, true)) ++asked_back_;
  }
  /// Its node has answered.
  void note_answer(NodeItem& item) noexcept {
    if (std::exchange(item.asked_back, false)) --asked_back_;
  }

 private:
  PriorityList<NodeItem> waiting_;
  std::unordered_map<std::uint64_t, NodeItem*> sent_;  // by ticket
  std::uint64_t last_ticket_ = 0;
  std::size_t outstanding_ = 0;
  std::size_t asked_back_ = 0;
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
