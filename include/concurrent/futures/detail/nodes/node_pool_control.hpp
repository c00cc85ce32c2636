// SPDX-License-Identifier: BSL-1.0
// What the executor's members ask for, but submit.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// Requests add up; none is taken back.
inline void NodePool::shutdown(bool cancel_futures) {
  std::vector<NodeItem*> cancelled;
  {
    const ipc::MutexLock lock(mutex_);
    shutting_down_ = true;
    close_gate();
    if (cancel_futures) {
      gives_up_ = true;
      while (NodeItem* const item = ledger_.first_waiting()) {
        drop(*item);
        cancelled.push_back(item);
      }
      ledger_.for_each_sent([this](NodeItem& item) {
        mutex_.is_held();
        if (!item.begun && item.answer == NodeItem::Answer::none && !item.stopped_by_user) ledger_.ask_back(item);
      });
      ledger_.for_each_sent([this](const NodeItem& item) {
        if (item.asked_back) send_about(item, MessageKind::withdraw);
      });
    }
  }
  for (NodeItem* const item : cancelled) cancel(*item);
  wake_manager();
  if (!cancel_futures) return;
  // What no worker has taken is cancelled when this returns, as far as nodes answer.
  const Deadline deadline = std::chrono::steady_clock::now() + options_.node_timeout;
  while (std::chrono::steady_clock::now() < deadline) {
    const std::uint32_t seen = inbox_.answers();
    {
      const ipc::MutexLock lock(mutex_);
      if (ledger_.asked_back() == 0 && resolving_ == 0) return;
    }
    await_answer(seen, (std::min)(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
  }
}

/// False: the deadline has passed, or this is the thread that would have to end.
inline bool NodePool::wait_until_ended(Deadline deadline) {
  if (is_own_thread()) return false;
  while (ended_.load(std::memory_order_acquire) == 0) {
    if (!multiprocessing::detail::futex_wait(ended_, 0, deadline) && ended_.load(std::memory_order_acquire) == 0)
      return false;
  }
  const ipc::MutexLock join_lock(join_mutex_);
  if (manager_.joinable()) manager_.join();
  for (const auto& node : nodes_) {
    std::unique_ptr<NodeLink> link;
    const ipc::MutexLock lock(mutex_);
    link.swap(node->link);
    node->is_closed = true;
  }
  return true;
}

inline void NodePool::warm_up(int workers) {
  const ipc::MutexLock lock(mutex_);
  if (closed_.load()) return;
  was_used_ = was_used_ || workers > 0;
  for (const auto& node : nodes_) {
    const int share = (std::min)(workers, node->limit);
    if (share <= 0 || node->is_lost) continue;
    node->link->send((MessageWriter(MessageKind::warm_up, id_) << share).finish());
    workers -= share;
  }
}

/// terminate_workers and kill_workers. When it returns the signals have been sent, and the calls that no worker had
/// taken are cancelled; the futures of the others fail as their workers end.
inline void NodePool::stop_workers(int signal) {
  std::vector<NodeItem*> cancelled;
  {
    const ipc::MutexLock lock(mutex_);
    if (!was_used_ || !broken_.empty() || close_sent_) return;
    shutting_down_ = gives_up_ = true;
    was_stopped_.store(true);
    close_gate();
    broken_ = std::string("concurrent::futures: the pool's workers were stopped by ") +
              (signal == SIGKILL ? "kill_workers" : "terminate_workers") + ". Make a new executor for more work.";
    while (NodeItem* const item = ledger_.first_waiting()) {
      drop(*item);
      cancelled.push_back(item);
    }
    for (const auto& node : nodes_) {
      if (node->is_open && !node->is_lost)
        node->link->send((MessageWriter(MessageKind::end_workers, id_) << signal).finish());
    }
  }
  for (NodeItem* const item : cancelled) cancel(*item);
  wake_manager();
  const Deadline patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < patience) {
    const std::uint32_t seen = inbox_.answers();
    {
      const ipc::MutexLock lock(mutex_);
      const bool all_ended = std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
        return !node->is_open || node->is_lost || node->is_closed || node->has_ended_workers;
      });
      // What a node has cancelled came before its answer; another thread may still have that in hand.
      if (all_ended && inbox_.all_handled()) return;
    }
    await_answer(seen, patience);
  }
}

/// Of all nodes; asks them, and waits for those that are starting workers.
inline std::vector<pid_t> NodePool::processes() {
  const Deadline patience = std::chrono::steady_clock::now() + std::chrono::seconds(12);
  std::uint32_t serial = 0;
  {
    const ipc::MutexLock lock(mutex_);
    serial = ++questions_;
    for (const auto& node : nodes_) {
      node->pids.clear();
      if (node->is_open && !node->is_lost && !node->is_closed && !close_sent_)
        node->link->send((MessageWriter(MessageKind::census, id_) << serial).finish());
    }
  }
  for (;;) {
    const std::uint32_t seen = inbox_.answers();
    {
      const ipc::MutexLock lock(mutex_);
      std::vector<pid_t> all;
      bool waits = false;
      for (const auto& node : nodes_) {
        waits = waits || (node->is_open && !node->is_lost && !node->is_closed && !close_sent_ && node->census < serial);
        all.insert(all.end(), node->pids.begin(), node->pids.end());
      }
      if (!waits || std::chrono::steady_clock::now() >= patience) return all;
    }
    await_answer(seen, patience);
  }
}

inline std::vector<NodeInfo> NodePool::nodes() {
  const ipc::MutexLock lock(mutex_);
  std::vector<NodeInfo> all;
  for (const auto& node : nodes_) {
    if (!node->is_lost) all.push_back({node->place.host, node->place.rank, node->place.pid, node->limit});
  }
  return all;
}

inline std::size_t NodePool::pending_work_items() {
  const ipc::MutexLock lock(mutex_);
  return ledger_.outstanding();
}

inline PoolStatistics NodePool::statistics() {
  const ipc::MutexLock lock(mutex_);
  PoolStatistics counts = counts_;
  for (const auto& node : nodes_) {
    counts.workers_started += node->workers_started;
    counts.workers_lost += node->workers_lost;
  }
  return counts;
}

inline PoolSnapshot NodePool::snapshot() {
  PoolSnapshot snapshot(fork_guard_.pid(), is_here());
  if (!is_here()) return snapshot;
  const ipc::MutexLock lock(mutex_);
  for (const auto& node : nodes_) {
    snapshot.workers += node->live_workers;
    snapshot.busy += (std::min<std::uint64_t>)(node->out, node->live_workers);
  }
  const std::size_t outstanding = ledger_.outstanding();
  snapshot.queued = outstanding - (std::min<std::uint64_t>)(outstanding, snapshot.busy);
  snapshot.done = counts_.submitted - outstanding;
  snapshot.set_phase(!broken_.empty(), shutting_down_, ended_.load() != 0);
  return snapshot;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
