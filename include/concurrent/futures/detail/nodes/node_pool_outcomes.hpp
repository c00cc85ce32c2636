// SPDX-License-Identifier: BSL-1.0
// How calls end.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/pickle/exception.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// A call comes back from a node, done or not.
inline void NodePool::take_result(std::size_t index, const Message& message) {
  PoolNode& node = *nodes_[index];
  MessageReader reader(message);
  const auto ticket = reader.next<std::uint64_t>();
  auto outcome = reader.next<CallOutcome>();
  NodeItem* item = nullptr;
  bool answered = false;
  std::string refusal;  // where no node can run it
  {
    const std::lock_guard lock(mutex_);
    const auto at = sent_.find(ticket);
    if (at == sent_.end() || at->second->node != index) return;  // it has been given up
    item = at->second;
    if (outcome == CallOutcome::refused) {
      outcome = CallOutcome::cancelled;
      node.has_no_worker = true;
      if (no_node_is_usable()) refusal = reader.next<std::string>();
    } else {
      node.learn(std::chrono::steady_clock::now());
    }
    answered = item->answer == NodeItem::Answer::awaited;
    const bool given_back =
        outcome == CallOutcome::cancelled && !item->stopped_by_user && !item->stop_requested && !gives_up_;
    if (given_back && !answered) {  // nobody waits for it (any more): somebody else runs it
      sent_.erase(at);
      --node.out;
      item->recalled = false;
      pending_.push_front(*item);
      item->place = NodeItem::Place::pending;
      item = nullptr;
    } else {
      drop(*item);
      if (answered)
        item->answer = outcome == CallOutcome::cancelled ? NodeItem::Answer::given_back : NodeItem::Answer::none;
      answered = answered && item->answer == NodeItem::Answer::given_back;
      if (!answered) ++resolving_;
    }
    fill();
    if (item != nullptr) recall_for_idle_nodes();
  }
  if (item != nullptr) {
    if (!answered) finish_item(*item, outcome, reader, node);
    // Whoever has been answered goes on with the item: it is not touched any more.
    tell_of_answer();
  }
  if (!refusal.empty() && !was_stopped_.load()) break_pool(refusal);
}

/// Resolves a future. Without the lock: this is where a program's own types are made.
inline void NodePool::finish_item(NodeItem& item, CallOutcome outcome, MessageReader& reader, const PoolNode& node) {
  std::string reason;
  const auto kept = std::move(item.kept);
  FutureStateBase& state = item.state();
  if (item.stopped_by_user || outcome == CallOutcome::cancelled) {
    cancel(item);
  } else {
    CallbackList callbacks;
    bool is_value = outcome == CallOutcome::value;
    std::size_t size = 0;
    try {
      if (is_value) {
        const auto bytes = reader.rest();
        size = bytes.size();
        pickle::Reader result(bytes);
        callbacks = item.load(result);
      } else if (outcome == CallOutcome::raised) {
        auto worker_name = reader.next<std::string>();
        const auto pid = reader.next<pid_t>();
        auto task = reader.next<std::string>();
        const auto bytes = reader.rest();
        size = bytes.size();
        pickle::Reader thrown(bytes);
        worker_name += " on " + node.label();
        callbacks =
            state.finish_with_exception(pickle::load_exception(thrown, std::move(worker_name), pid, std::move(task)));
      } else {
        const auto exception = pickle::load_exception(reader);
        if (outcome == CallOutcome::broke && !was_stopped_.load()) {
          try {
            std::rethrow_exception(exception);
          } catch (const std::exception& error) {
            reason = error.what();
          }
          const std::lock_guard lock(mutex_);  // before its waiters can submit again
          if (broken_.empty()) broken_ = reason;
          close_gate();
        }
        callbacks = state.finish_with_exception(exception);
      }
    } catch (...) {
      is_value = false;
      callbacks = state.finish_with_exception(std::current_exception());
    }
    {
      const std::lock_guard lock(mutex_);
      counts_.bytes_from_workers += size;
      ++(state.cancelled() ? counts_.cancelled : is_value ? counts_.completed : counts_.failed);
    }
    finish_callbacks(std::move(callbacks));
    state.release();
  }
  {
    const std::lock_guard lock(mutex_);
    --resolving_;
  }
  tell_of_answer();
  if (!reason.empty()) break_pool(reason);
  if (closed_.load()) wake_manager();  // a shutdown may wait for this
}

/// Ends the future of a call that has been dropped; as cancelled if terminate() has said so.
inline void NodePool::fail(NodeItem& item, std::exception_ptr exception) noexcept {
  if (item.stopped_by_user) return cancel(item);
  FutureStateBase& state = item.state();
  CallbackList callbacks = state.finish_with_exception(std::move(exception));
  {
    const std::lock_guard lock(mutex_);
    ++(state.cancelled() ? counts_.cancelled : counts_.failed);
  }
  finish_callbacks(std::move(callbacks));
  state.release();
}

inline void NodePool::cancel(NodeItem& item) noexcept {
  FutureStateBase& state = item.state();
  {
    const std::lock_guard lock(mutex_);
    ++counts_.cancelled;
  }
  finish_callbacks(state.finish_cancelled());
  state.release();
}

/// A result more from this node: how many calls it may have follows from how long they take. Many short ones hide the
/// way there and back; a long one waits for a worker where no other node can take it.
inline void PoolNode::learn(std::chrono::steady_clock::time_point now) {
  constexpr auto period = std::chrono::milliseconds(5);
  if (period_results_++ == 0) {
    period_begin_ = now;
    return;
  }
  if (now - period_begin_ < period) return;
  const auto busy = static_cast<std::int64_t>((std::min)(out, static_cast<std::size_t>(limit)));
  const auto task_time = (now - period_begin_) * busy / static_cast<std::int64_t>(period_results_ - 1);
  const auto few = static_cast<std::size_t>(limit) + 1;
  if (task_time < std::chrono::milliseconds(1) && out + 1 >= credits) {
    credits = (std::min)(2 * credits, 32 * few);
  } else if (task_time > std::chrono::milliseconds(10)) {
    credits = few;
  }
  period_results_ = 0;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
