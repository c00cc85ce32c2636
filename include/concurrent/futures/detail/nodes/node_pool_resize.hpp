// SPDX-License-Identifier: BSL-1.0
// set_max_workers.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// How many workers each node is to have of so many. One node after the other gets those that it began with; beyond
/// that all grow alike, as far as each can. A node that was lost has none.
inline std::vector<int> NodePool::shares(int workers) const {
  std::vector<int> shares(nodes_.size(), 0);
  std::int64_t first = 0;
  for (const auto& node : nodes_) first += node->is_lost ? 0 : node->workers;
  int left = workers;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const PoolNode& node = *nodes_[i];
    if (node.is_lost) continue;
    shares[i] = workers <= first ? (std::min)(left, node.workers)
                                 : static_cast<int>((std::min)(node.workers * std::int64_t{workers} / first,
                                                               static_cast<std::int64_t>(node.most)));
    left -= shares[i];
  }
  while (left > 0) {
    std::size_t least = nodes_.size();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i]->is_lost || shares[i] == nodes_[i]->most) continue;
      if (least == nodes_.size() ||
          std::int64_t{shares[i]} * nodes_[least]->workers < std::int64_t{shares[least]} * nodes_[i]->workers)
        least = i;
    }
    if (least == nodes_.size()) break;
    ++shares[least];
    --left;
  }
  return shares;
}

inline bool NodePool::answers(const PoolNode& node) const noexcept {
  return node.is_open && !node.is_lost && !node.is_closed && !close_sent_;
}

/// Tells nodes how many workers they are to have, and waits until each has answered. Returns what one of them threw.
inline std::exception_ptr NodePool::resize_nodes(const std::vector<int>& numbers, ipc::MutexLock& lock) {
  const std::uint32_t serial = ++questions_;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    PoolNode& node = *nodes_[i];
    if (numbers[i] == node.wanted || !answers(node)) continue;
    node.wanted = numbers[i];
    node.asked = serial;
    const int number = (std::max)(numbers[i], 1);  // one that is to have none keeps one
    node.link->send((MessageWriter(MessageKind::resize, id_) << serial << number).finish());
  }
  const Deadline patience = std::chrono::steady_clock::now() + std::chrono::seconds(12);
  std::exception_ptr refusal;
  for (const auto& node : nodes_) {
    if (node->asked != serial) continue;
    while (answers(*node) && node->resized != serial && std::chrono::steady_clock::now() < patience) {
      const std::uint32_t seen = inbox_.answers();
      lock.unlock();
      await_answer(seen, patience);
      lock.lock();
    }
    if (!answers(*node)) continue;
    if (node->resized != serial) {
      refusal = std::make_exception_ptr(RuntimeError("concurrent::futures: set_max_workers: node " + node->label() +
                                                     " has not answered. Look at what its machine is doing."));
    } else if (node->resize_refusal != nullptr) {
      refusal = node->resize_refusal;
    }
  }
  return refusal;
}

/// When it returns each node has taken its number: those that are to have more workers than ever may have no memory for
/// them, and those that are to have fewer begin no call beyond it.
inline void NodePool::set_max_workers(int workers) {
  const ipc::MutexLock resizing(resize_mutex_);
  ipc::MutexLock lock(mutex_);
  std::int64_t most = 0;
  for (const auto& node : nodes_) most += node->most;
  if (workers <= 0 || workers > most) {
    throw std::invalid_argument("concurrent::futures: set_max_workers: the number is " + std::to_string(workers) +
                                "; for this executor it must be from 1 to " + std::to_string(most) +
                                ": on each node 64, or four times the workers that it began with.");
  }
  const std::vector<int> shares = this->shares(workers);
  if (const std::exception_ptr refusal = resize_nodes(shares, lock)) {
    std::vector<int> limits;
    limits.reserve(nodes_.size());
    for (const auto& node : nodes_) limits.push_back(node->limit);
    resize_nodes(limits, lock);
    std::rethrow_exception(refusal);
  }
  max_workers_.store(workers);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    PoolNode& node = *nodes_[i];
    node.has_no_worker = false;  // it may be the only one now: whoever is asked in vain says so once more
    if (shares[i] == node.limit) continue;
    node.limit = shares[i];
    node.credits.set_workers(node.limit);
  }
  feed_nodes();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
