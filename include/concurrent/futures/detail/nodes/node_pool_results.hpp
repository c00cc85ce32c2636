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

/// From whichever thread brings it: takes no other lock, and runs nothing.
inline void NodePool::deliver(std::size_t node, Message message) noexcept {
  {
    const ipc::MutexLock lock(inbox_mutex_);
    inbox_.push_back({node, std::move(message), false, {}});
  }
  if (asking_.load(std::memory_order_seq_cst) != 0) tell_of_answer();
  // A thread that drives looks into the inbox once more after it has said that it does no longer.
  if (drivers_.load(std::memory_order_seq_cst) != 0) {
    signal_.fetch_add(1, std::memory_order_seq_cst);
  } else if (dozers_.load(std::memory_order_seq_cst) != 0) {
    doze_word_.fetch_add(1, std::memory_order_seq_cst);
    multiprocessing::detail::futex_wake(doze_word_, 1, true);
  } else {
    wake_manager();
  }
}
inline void NodePool::deliver_loss(std::size_t node, const std::string& reason) noexcept {
  {
    const ipc::MutexLock lock(inbox_mutex_);
    inbox_.push_back({node, {}, true, reason});
  }
  if (asking_.load(std::memory_order_seq_cst) != 0) tell_of_answer();
  wake_manager();
}

inline bool NodePool::has_inbound() {
  const ipc::MutexLock lock(inbox_mutex_);
  return !inbox_.empty();
}

/// Handles what has come. True: there was something.
inline bool NodePool::pump_results() {
  std::vector<Inbound> inbound;
  {
    const ipc::MutexLock lock(inbox_mutex_);
    if (inbox_.empty()) return false;
    inbound.swap(inbox_);
  }
  for (Inbound& one : inbound) handle(one);
  return true;
}

inline void NodePool::handle(Inbound& inbound) {
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
      const auto at = sent_.find(reader.next<std::uint64_t>());
      if (at != sent_.end()) at->second->begun = true;
      return;
    }
    case MessageKind::progress: {
      const ipc::MutexLock lock(mutex_);
      const auto at = sent_.find(reader.next<std::uint64_t>());
      if (at == sent_.end()) return;
      at->second->done = reader.next<std::uint64_t>();
      at->second->total = reader.next<std::uint64_t>();
      return;
    }
    case MessageKind::kept: {
      const ipc::MutexLock lock(mutex_);
      const auto at = sent_.find(reader.next<std::uint64_t>());
      if (at == sent_.end()) break;
      at->second->begun = true;
      if (std::exchange(at->second->asked_back, false)) --asked_back_;
      if (at->second->answer == NodeItem::Answer::awaited) at->second->answer = NodeItem::Answer::kept;
      break;
    }
    case MessageKind::recovered: {
      const ipc::MutexLock lock(mutex_);
      node.has_no_worker = false;
      return fill();
    }
    case MessageKind::workers: {
      const ipc::MutexLock lock(mutex_);
      node.census = reader.next<std::uint32_t>();
      node.pids = reader.next<std::vector<pid_t>>();
      break;
    }
    case MessageKind::state: {
      const ipc::MutexLock lock(mutex_);
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
      auto text = reader.next<std::string>();
      text += text.ends_with('.') ? " On node " : ". On node ";
      return log_message(level, text + node.label() + ".");
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
  tell_of_answer();
  if (!broken.empty() && !was_stopped_.load()) break_pool(broken);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
