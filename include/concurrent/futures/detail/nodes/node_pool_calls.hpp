// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/policy/lifecycle.hpp>
#include <concurrent/futures/detail/pool/failure.hpp>
#include <concurrent/futures/exceptions.hpp>

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void NodePool::check_open() {
  if (!is_here()) {
    throw RuntimeError("concurrent::futures: this executor belongs to process " + std::to_string(fork_guard_.pid()) +
                       ", of which this process is a fork. Make an executor here.");
  }
  if (!closed_.load(std::memory_order_acquire)) return;
  const ipc::MutexLock lock(mutex_);
  throw_closed();
}

[[noreturn]] inline void NodePool::throw_closed() const {
  if (!broken_.empty()) throw BrokenProcessPool(text_of_broken(broken_));
  throw RuntimeError("concurrent::futures: submit after shutdown. Make a new executor for more work.");
}

/// For whom calls are pickled: what is shared on this machine does not reach another one.
inline pickle::Audience NodePool::audience() const noexcept {
  return is_alone_ ? pickle::Audience::fresh_images : pickle::Audience::other_machines;
}

/// A call that has ended before it was with the pool.
inline void NodePool::count_unsent(std::uint64_t PoolStatistics::* outcome) noexcept {
  const ipc::MutexLock lock(mutex_);
  ++counts_.submitted;
  ++(counts_.*outcome);
}

/// Takes the pickled call over. The item's state stays referenced until it is resolved.
inline void NodePool::submit(NodeItem& item, BodyWriter& call) {
  item.kept = call.take_kept();
  item.bytes = call.take();
  note_body(item.bytes.size);
  bool follows_parts = false;
  {
    const ipc::MutexLock lock(mutex_);
    if (closed_.load(std::memory_order_relaxed)) throw_closed();
    ledger_.add(item);
    item.state().add_reference();
    ++counts_.submitted;
    counts_.bytes_to_workers += item.bytes.size;
    was_used_ = true;
    if (trace_ != nullptr) trace_submit(item);
    if (call.parts.number != 0 && takes_call_of(call.parts, item)) {
      send_call(item, *nodes_[call.parts.node], &call.parts);
      follows_parts = true;
    }
    feed_nodes();
  }
  if (call.parts.number != 0) end_parts(std::exchange(call.parts, {}), !follows_parts);
}

/// With the lock: sends what waits, as far as there are credits.
inline void NodePool::feed_nodes() {
  while (NodeItem* const item = ledger_.first_waiting()) {
    PoolNode* const node = choose_node();
    if (node == nullptr) break;
    send_call(*item, *node);
  }
  pending_limit_.tell(*this);
}

/// The first node that has a worker without a call, else the one with the fewest calls a worker. Null: none has a
/// credit.
inline PoolNode* NodePool::choose_node() noexcept {
  PoolNode* best = nullptr;
  for (const auto& node : nodes_) {
    if (!node->has_credit()) continue;
    if (node->out < node->live_workers) return node.get();  // somebody is there for it
    if (best == nullptr) {
      best = node.get();
      continue;
    }
    const auto limit = static_cast<std::size_t>(node->limit);
    const auto best_limit = static_cast<std::size_t>(best->limit);
    const bool is_free = node->out < limit;
    const bool best_is_free = best->out < best_limit;
    if (is_free != best_is_free ? is_free : !is_free && node->out * best_limit < best->out * limit) best = node.get();
  }
  return best;
}

inline bool NodePool::no_node_is_usable() const noexcept {
  return std::none_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->is_usable(); });
}

/// `parts`: of it, which that node has.
inline void NodePool::send_call(NodeItem& item, PoolNode& node, const SentParts* parts) {
  ledger_.mark_sent(item, static_cast<std::size_t>(std::find_if(nodes_.begin(), nodes_.end(),
                                                                [&](const auto& one) { return one.get() == &node; }) -
                                                   nodes_.begin()));
  ++node.out;
  const std::size_t rest = item.bytes.size - (parts != nullptr ? parts->size() : 0);
  MessageWriter message(parts != nullptr ? MessageKind::call_of_parts : MessageKind::call, id_,
                        rest < separate_body ? 64 + rest : 112);
  message << item.ticket;
  if (parts != nullptr) message << parts->number << item.bytes.size;
  message << (item.options != nullptr);
  if (item.options != nullptr) {
    const TaskOptions& options = *item.options;
    message << (options.timeout ? options.timeout->count() : std::chrono::nanoseconds::rep{0}) << item.retries_left
            << options.priority << options.label;
  }
  if (parts != nullptr) {
    node.link->send(finish_with_rest(message, item.bytes, *parts));
  } else if (rest >= separate_body) {
    node.link->send(message.finish(item.bytes));
  } else {
    message.write(item.bytes.data.get(), rest);
    node.link->send(message.finish());
  }
}

inline void NodePool::send_about(const NodeItem& item, MessageKind kind) {
  nodes_[item.node]->link->send((MessageWriter(kind, id_) << item.ticket).finish());
}

/// With the lock: the call is not needed any more, wherever it is.
inline void NodePool::drop(NodeItem& item) noexcept {
  if (item.location == NodeItem::Location::sent) --nodes_[item.node]->out;
  if (std::exchange(item.traced, false)) trace_->ended(&item);
  ledger_.close(item);
}

/// With the lock: drops a call that no worker has taken, and counts it, for who cancels its future then.
inline void NodePool::take_off(NodeItem& item) noexcept {
  drop(item);
  item.counted = true;
  ++counts_.cancelled;
}

/// With the lock: where a node has nothing to do and another one has calls that wait there, those come back.
inline void NodePool::recall_for_idle_nodes() {
  if (ledger_.waiting() != 0) return;
  for (const auto& idle : nodes_) {
    if (!idle->has_credit() || idle->out != 0) continue;
    NodeItem* const item = ledger_.find_sent([this](const NodeItem& sent) {
      const PoolNode& node = *nodes_[sent.node];
      return node.out > static_cast<std::size_t>(node.limit) && !sent.begun && sent.answer == NodeItem::Answer::none &&
             !sent.stopped_by_user && !sent.stop_requested && !sent.recalled;
    });
    if (item == nullptr) continue;
    item->recalled = true;
    return send_about(*item, MessageKind::withdraw);
  }
}

// ---- For futures

/// cancel() asks: true when no worker has the call and none will. A node that has the call is asked for it.
inline bool NodePool::withdraw(OwnedCall& call) noexcept {
  if (!is_here()) return false;
  auto& item = static_cast<NodeItem&>(call);
  const Deadline deadline = std::chrono::steady_clock::now() + options_.node_timeout;
  ipc::MutexLock lock(mutex_);
  if (item.location == NodeItem::Location::waiting) {
    take_off(item);
    pending_limit_.tell(*this);
    lock.unlock();
    item.state().release();  // the pool's; whoever cancels has a handle
    wake_manager();
    return true;
  }
  if (item.location != NodeItem::Location::sent || item.begun || item.stopped_by_user) return false;
  item.answer = NodeItem::Answer::awaited;
  send_about(item, MessageKind::withdraw);
  for (;;) {
    if (item.answer == NodeItem::Answer::given_back) {
      lock.unlock();
      item.state().release();
      wake_manager();
      return true;
    }
    if (item.answer != NodeItem::Answer::awaited || item.location == NodeItem::Location::gone ||
        std::chrono::steady_clock::now() >= deadline)
      break;
    const std::uint32_t seen = inbox_.answers();
    lock.unlock();
    await_answer(seen, deadline);
    lock.lock();
  }
  item.answer = NodeItem::Answer::none;
  return false;
}

inline bool NodePool::taken(const OwnedCall& call) noexcept {
  if (!is_here()) return false;
  const auto& item = static_cast<const NodeItem&>(call);
  const ipc::MutexLock lock(mutex_);
  return item.location == NodeItem::Location::gone || (item.location == NodeItem::Location::sent && item.begun);
}

inline void NodePool::read_progress(OwnedCall& call, std::uint64_t& done, std::uint64_t& total) noexcept {
  if (!is_here()) return;
  const auto& item = static_cast<const NodeItem&>(call);
  const ipc::MutexLock lock(mutex_);
  if (item.location != NodeItem::Location::sent) return;
  done = item.done;
  total = item.total;
}

inline bool NodePool::stop(OwnedCall& call) noexcept { return stop(static_cast<NodeItem&>(call), OnStop::terminate); }

inline bool NodePool::ask_to_stop(OwnedCall& call) noexcept {
  auto& item = static_cast<NodeItem&>(call);
  return stop(item, item.options != nullptr ? item.options->on_stop : OnStop::request);
}

/// future.terminate(), and future.request_stop(), which leaves a call that has begun to itself. Before its result has
/// been handled, whatever comes is not looked at any more. After that it is the future's own word: who sets it first.
inline bool NodePool::stop(NodeItem& item, OnStop how) noexcept {
  if (!is_here()) return false;
  FutureStateBase& state = item.state();
  bool counted = false;
  {
    ipc::MutexLock lock(mutex_);
    counted = item.counted;
    switch (item.location) {
      case NodeItem::Location::none:
        return false;
      case NodeItem::Location::waiting:
        drop(item);
        pending_limit_.tell(*this);
        lock.unlock();
        cancel(item);
        wake_manager();
        return true;
      case NodeItem::Location::sent:
        (how == OnStop::request ? item.stop_requested : item.stopped_by_user) = true;
        send_about(item, how == OnStop::request ? MessageKind::request_stop : MessageKind::stop);
        return true;
      case NodeItem::Location::gone:
        if (how == OnStop::request) return false;
        break;
    }
  }
  CallbackList callbacks;
  while (!state.try_finish_cancelled(callbacks)) {
    if (state.done()) return false;
    ::sched_yield();  // its outcome is being stored
  }
  if (!counted) count(&PoolStatistics::cancelled, 1);
  finish_callbacks(std::move(callbacks));
  return true;
}

// ---- How much waits

inline bool NodePool::reserve(Admission admission) {
  ipc::MutexLock lock(mutex_);
  return pending_limit_.reserve(*this, lock, admission);
}

inline void NodePool::give_back_place() noexcept {
  const ipc::MutexLock lock(mutex_);
  pending_limit_.give_back(*this);
}

inline void NodePool::close_gate() noexcept {
  closed_.store(true, std::memory_order_seq_cst);
  pending_limit_.tell(*this);
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
