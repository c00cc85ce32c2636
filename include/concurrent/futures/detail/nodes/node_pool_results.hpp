// SPDX-License-Identifier: BSL-1.0
// What nodes say, but for results.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/logging.hpp>
#include <concurrent/pickle/exception.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void NodePool::deliver(std::size_t node, Message message) noexcept {
  inbox_.put({node, std::move(message), false, {}});
}
inline void NodePool::deliver_loss(std::size_t node, const std::string& reason) noexcept {
  inbox_.put({node, {}, true, reason});
}

/// Handles what has come. True: there was something. Several threads may do so at a time, so that of two messages of
/// one node the later may be handled first.
inline bool NodePool::pump_results() {
  std::vector<NodeInbox::Entry> inbound = inbox_.take_all();
  if (inbound.empty()) return false;
  for (NodeInbox::Entry& one : inbound) handle(one);
  inbox_.note_handled(inbound.size());
  return true;
}

inline void NodePool::handle(NodeInbox::Entry& inbound) {
  if (inbound.is_loss) return node_lost(inbound.node, inbound.reason);
  PoolNode& node = *nodes_[inbound.node];
  MessageReader reader(inbound.message);
  std::string broken;
  switch (inbound.message.kind()) {
    case MessageKind::result:
      return take_result(inbound.node, inbound.message);
    case MessageKind::opened: {
      const auto refusal = reader.remaining() != 0 ? pickle::load_exception(reader) : nullptr;
      const ipc::MutexLock lock(mutex_);
      node.refusal = refusal;
      node.is_open = refusal == nullptr;
      break;
    }
    case MessageKind::started: {
      const ipc::MutexLock lock(mutex_);
      NodeItem* const item = ledger_.find(reader.next<std::uint64_t>());
      if (item != nullptr) item->begun = true;
      return;
    }
    case MessageKind::progress: {
      const ipc::MutexLock lock(mutex_);
      NodeItem* const item = ledger_.find(reader.next<std::uint64_t>());
      if (item == nullptr) return;
      item->done = reader.next<std::uint64_t>();
      item->total = reader.next<std::uint64_t>();
      return;
    }
    case MessageKind::kept: {
      const ipc::MutexLock lock(mutex_);
      NodeItem* const item = ledger_.find(reader.next<std::uint64_t>());
      if (item == nullptr) break;
      item->begun = true;
      ledger_.note_answer(*item);
      if (item->answer == NodeItem::Answer::awaited) item->answer = NodeItem::Answer::kept;
      break;
    }
    case MessageKind::recovered: {
      const ipc::MutexLock lock(mutex_);
      node.has_no_worker = false;
      return feed_nodes();
    }
    case MessageKind::workers: {
      const auto serial = reader.next<std::uint32_t>();
      const ipc::MutexLock lock(mutex_);
      if (serial <= node.census) break;
      node.census = serial;
      node.pids = reader.next<std::vector<pid_t>>();
      break;
    }
    case MessageKind::resized: {
      const auto serial = reader.next<std::uint32_t>();
      const ipc::MutexLock lock(mutex_);
      if (serial <= node.resized) break;  // a later answer was handled before
      node.resized = serial;
      node.resize_refusal = reader.remaining() != 0 ? pickle::load_exception(reader) : nullptr;
      break;
    }
    case MessageKind::state: {
      const auto serial = reader.next<std::uint32_t>();
      const ipc::MutexLock lock(mutex_);
      if (serial <= node.state) break;
      node.state = serial;
      node.workers_started = reader.next<std::uint64_t>();
      node.workers_lost = reader.next<std::uint64_t>();
      node.live_workers = reader.next<std::uint64_t>();
      broken = reader.next<std::string>();
      break;
    }
    case MessageKind::clock: {
      const auto now = multiprocessing::detail::monotonic_nanoseconds();
      const ipc::MutexLock lock(mutex_);
      const auto asked = reader.next<std::int64_t>();
      node.clock.learn(asked, reader.next<std::int64_t>(), now);
      if (asked == node.clock_asked_at) node.clock_answered = node.clock_asked;
      break;
    }
    case MessageKind::traced:
    case MessageKind::lane: {
      const ipc::MutexLock lock(mutex_);
      if (trace_ != nullptr) take_trace(node, inbound.message.kind(), reader);
      return;
    }
    case MessageKind::log: {
      const auto level = reader.next<LogLevel>();
      return log_message(level, said_on_node(reader.next<std::string>(), node.label()));
    }
    case MessageKind::ended: {
      const ipc::MutexLock lock(mutex_);
      node.has_ended_workers = true;
      break;
    }
    case MessageKind::closed: {
      const ipc::MutexLock lock(mutex_);
      node.is_closed = true;
      node.live_workers = 0;
      break;
    }
    default:
      break;
  }
  inbox_.tell_of_answer();
  if (!broken.empty() && !was_stopped_.load()) break_pool(broken);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
