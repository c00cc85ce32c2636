// SPDX-License-Identifier: BSL-1.0
// When a node is lost, or the pool breaks.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/logging.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void NodePool::node_lost(std::size_t index, const std::string& reason) {
  PoolNode& node = *nodes_[index];
  const std::string text = "concurrent::futures: node " + node.label() + " was lost: " + reason;
  std::vector<NodeItem*> failed;
  bool breaks = options_.on_node_death == NodeDeathPolicy::break_pool;
  bool matters = false;
  {
    const ipc::MutexLock lock(mutex_);
    if (node.is_lost) return;
    node.is_lost = true;
    matters = !node.is_closed;
    node.live_workers = 0;
    if (matters && no_node_is_usable()) breaks = true;
    breaks = breaks && matters && !close_sent_;
    ledger_.for_each_sent([&](NodeItem& item) {
      mutex_.is_held();
      if (item.node != index) return;
      if (!breaks && !gives_up_ && broken_.empty() && item.retries_left > 0 && !item.stopped_by_user &&
          !item.stop_requested) {
        --item.retries_left;
        --node.out;
        item.answer = NodeItem::Answer::none;
        ledger_.put_back(item);
        return;
      }
      drop(item);
      failed.push_back(&item);
    });
    if (breaks) {
      if (broken_.empty()) broken_ = text;
      close_gate();
    } else {
      feed_nodes();
    }
  }
  if (matters) log_message(LogLevel::error, text);
  for (NodeItem* const item : failed) fail(*item, failure<NodeDied>(text, node.place.host, node.place.rank));
  if (breaks) break_pool(text);
  inbox_.tell_of_answer();
}

/// Every future that is not done fails, and the workers end.
inline void NodePool::break_pool(const std::string& reason) {
  std::vector<NodeItem*> failed;
  {
    const ipc::MutexLock lock(mutex_);
    if (broken_.empty()) broken_ = reason;
    close_gate();
    while (NodeItem* const item = ledger_.first_waiting()) {
      drop(*item);
      failed.push_back(item);
    }
    ledger_.for_each_sent([&](NodeItem& item) {
      mutex_.is_held();
      drop(item);
      failed.push_back(&item);
    });
    for (const auto& node : nodes_) {
      if (node->is_open && !node->is_lost && !node->is_closed)
        node->link->send((MessageWriter(MessageKind::end_workers, id_) << SIGKILL).finish());
    }
  }
  for (NodeItem* const item : failed) fail(*item, failure<BrokenProcessPool>(reason));
  inbox_.tell_of_answer();
  wake_manager();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
