// SPDX-License-Identifier: BSL-1.0
// How calls end.
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/pickle/exception.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

/// What a worker has pickled; of exceptions the agent's few words with them count as well.
inline std::size_t bytes_of_result(CallOutcome outcome, const MessageReader& reader) noexcept {
  const bool is_pickled = outcome == CallOutcome::value || outcome == CallOutcome::raised;
  return is_pickled ? reader.size_of_rest() : 0;
}

/// A call comes back from a node, done or not.
inline void NodePool::take_result(std::size_t index, const Message& message) {
  PoolNode& node = *nodes_[index];
  note_body(message.body.size);
  MessageReader reader(message);
  const auto ticket = reader.next<std::uint64_t>();
  const auto others = reader.next<std::uint32_t>();
  auto outcome = reader.next<CallOutcome>();
  NodeItem* item = nullptr;
  bool answered = false;
  std::string refusal;  // where no node can run it
  {
    const ipc::MutexLock lock(mutex_);
    item = ledger_.find(ticket);
    if (item == nullptr || item->node != index) return;  // it has been given up
    if (outcome == CallOutcome::refused) {
      outcome = CallOutcome::cancelled;
      node.has_no_worker = true;
      if (no_node_is_usable()) refusal = reader.next<std::string>();
    } else {
      node.credits.learn(std::chrono::steady_clock::now(), node.out, others < static_cast<std::uint32_t>(node.limit));
    }
    answered = item->answer == NodeItem::Answer::awaited;
    const bool given_back =
        outcome == CallOutcome::cancelled && !item->stopped_by_user && !item->stop_requested && !gives_up_;
    if (given_back && !answered) {  // nobody waits for it (any more): somebody else runs it
      --node.out;
      item->recalled = false;
      ledger_.put_back(*item);
      item = nullptr;
    } else {
      answered = answered && outcome == CallOutcome::cancelled;
      item->answer = answered ? NodeItem::Answer::given_back : NodeItem::Answer::none;
      if (answered) {
        take_off(*item);
      } else {
        drop(*item);
        resolving_.fetch_add(1, std::memory_order_relaxed);
        ++(counts_.*counter(*item, outcome));  // before anybody sees the future done
        counts_.bytes_from_workers += bytes_of_result(outcome, reader);
      }
    }
    feed_nodes();
    if (item != nullptr) recall_for_idle_nodes();
  }
  if (item != nullptr) {
    if (!answered) finish_item(*item, outcome, reader, node);
    // Whoever has been answered goes on with the item: it is not touched any more.
    inbox_.tell_of_answer();
  }
  if (!refusal.empty() && !was_stopped_.load()) break_pool(refusal);
}

/// Which number of the statistics it is that a call with this outcome adds to.
inline std::uint64_t PoolStatistics::* NodePool::counter(const NodeItem& item, CallOutcome outcome) noexcept {
  if (item.stopped_by_user || outcome == CallOutcome::cancelled) return &PoolStatistics::cancelled;
  return outcome == CallOutcome::value ? &PoolStatistics::completed : &PoolStatistics::failed;
}

/// Resolves a future, whose outcome has been counted. Without the lock: this is where a program's own types are made.
inline void NodePool::finish_item(NodeItem& item, CallOutcome outcome, MessageReader& reader, const PoolNode& node) {
  std::string reason;
  const auto kept = std::move(item.kept);
  FutureStateBase& state = item.state();
  auto counted = counter(item, outcome);
  if (counted == &PoolStatistics::cancelled) {
    end_as_cancelled(item);
  } else {
    CallbackList callbacks;
    try {
      if (outcome == CallOutcome::value) {
        pickle::Reader result(reader.rest());
        callbacks = item.load(result);
      } else if (outcome == CallOutcome::raised) {
        auto worker_name = reader.next<std::string>();
        const auto pid = reader.next<pid_t>();
        auto task = reader.next<std::string>();
        pickle::Reader thrown(reader.rest());
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
          const ipc::MutexLock lock(mutex_);  // before its waiters can submit again
          if (broken_.empty()) broken_ = reason;
          close_gate();
        }
        callbacks = state.finish_with_exception(exception);
      }
    } catch (...) {
      if (outcome == CallOutcome::value) {
        count(counted, -1);
        counted = &PoolStatistics::failed;
        count(counted, 1);
      }
      callbacks = state.finish_with_exception(std::current_exception());
    }
    if (was_cancelled(state)) count(counted, -1);
    finish_callbacks(std::move(callbacks));
    state.release();
  }
  resolving_.fetch_sub(1, std::memory_order_acq_rel);
  inbox_.tell_of_answer();
  if (!reason.empty()) break_pool(reason);
  if (closed_.load()) wake_manager();  // a shutdown may wait for this
}

/// Ends the future of a call that has been dropped; as cancelled if terminate() has said so.
inline void NodePool::fail(NodeItem& item, std::exception_ptr exception) noexcept {
  if (item.stopped_by_user) return cancel(item);
  FutureStateBase& state = item.state();
  count(&PoolStatistics::failed, 1);
  CallbackList callbacks = state.finish_with_exception(std::move(exception));
  if (was_cancelled(state)) count(&PoolStatistics::failed, -1);
  finish_callbacks(std::move(callbacks));
  state.release();
}

inline void NodePool::cancel(NodeItem& item) noexcept {
  count(&PoolStatistics::cancelled, 1);
  end_as_cancelled(item);
}

/// Of a call that has been counted; terminate() may have ended it at the last moment, and counted it as well.
inline void NodePool::end_as_cancelled(NodeItem& item) noexcept {
  FutureStateBase& state = item.state();
  CallbackList callbacks;
  if (!state.try_finish_cancelled(callbacks)) count(&PoolStatistics::cancelled, -1);
  finish_callbacks(std::move(callbacks));
  state.release();
}

/// One more, or one fewer.
inline void NodePool::count(std::uint64_t PoolStatistics::* outcome, int more) noexcept {
  const ipc::MutexLock lock(mutex_);
  counts_.*outcome += static_cast<std::uint64_t>(std::int64_t(more));
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
