// SPDX-License-Identifier: BSL-1.0
// The manager's thread, and who wakes whom.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/multiprocessing/detail/futex.hpp>
#include <concurrent/os/thread.hpp>

#include <pthread.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A thread that has looked for an answer in vain since `answers` was `seen` waits for the next.
inline void NodePool::await_answer(std::uint32_t seen, Deadline deadline) {
  if (!pump_results()) inbox_.await_answer(seen, deadline);
}

/// Callbacks run in the manager's thread: a thread that only waits for a result, or submits, may hold locks of the
/// program's that a callback needs.
inline void NodePool::finish_callbacks(CallbackList callbacks) {
  if (callbacks.empty()) return;
  {
    const ipc::MutexLock lock(mutex_);
    deferred_.push_back(std::move(callbacks));
    pending_limit_.leave_callbacks();
  }
  wake_manager();
}

inline void NodePool::run_deferred() {
  std::vector<CallbackList> callbacks;
  {
    const ipc::MutexLock lock(mutex_);
    callbacks.swap(deferred_);
  }
  for (CallbackList& list : callbacks) {
    list.run();
    if (!is_limited()) continue;
    const ipc::MutexLock lock(mutex_);
    pending_limit_.callbacks_returned(*this);
  }
}

inline void NodePool::manage() {
  os::set_thread_name("pool-manager");
  manager_id_.store(std::this_thread::get_id());
  for (;;) {
    const std::uint32_t seen = inbox_.signal().load(std::memory_order_seq_cst);
    const bool any = pump_results();
    run_deferred();
    if (wind_down()) break;
    const bool may_keep = large_bodies_.load(std::memory_order_relaxed);
    if (may_keep) BodyStore::instance().give_back();
    if (any) continue;
    const auto now = std::chrono::steady_clock::now();
    const Deadline tidy = may_keep ? now + std::chrono::seconds(1) : (Deadline::max)();
    const bool traced = flush_trace(false);
    inbox_.sleep(seen, traced ? now + std::chrono::milliseconds(100) : tidy);
  }
  flush_trace(true);
  BodyStore::instance().give_back(true);
  ended_.store(1, std::memory_order_seq_cst);
  multiprocessing::detail::futex_wake(ended_);
  release();
}

/// Towards the end, as far as it can go now. True: nothing is left to do.
inline bool NodePool::wind_down() {
  const ipc::MutexLock lock(mutex_);
  if (!shutting_down_ || ledger_.outstanding() != 0 || calls_in_parts_ != 0 || resolving_ != 0 || !deferred_.empty())
    return false;
  const auto to_close = [](const auto& node) { return node->is_open && !node->is_lost && !node->is_closed; };
  if (!std::exchange(close_sent_, true)) {
    for (const auto& node : nodes_) {
      if (to_close(node)) node->link->send(MessageWriter(MessageKind::close, id_).finish());
    }
  }
  return std::none_of(nodes_.begin(), nodes_.end(), to_close);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
