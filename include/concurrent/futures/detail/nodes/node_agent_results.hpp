// SPDX-License-Identifier: BSL-1.0
// What an agent's calls come to, on its way to the caller.
#pragma once

#include <concurrent/futures/detail/nodes/node_agent.hpp>
#include <concurrent/futures/detail/pool/failure.hpp>

#include <algorithm>

namespace concurrent::futures::inline v0 {
namespace detail {

inline CallbackList RelayCall::load(pickle::Reader& reader) { return send_value(reader, nullptr); }
inline CallbackList RelayCall::load_block(pickle::Reader& reader, ResultBlock& where) {
  return send_value(reader, &where);
}

inline CallbackList RelayCall::send_value(pickle::Reader& reader, ResultBlock* where) {
  if (!claim()) return {};  // stopped: its callback tells that
  try {
    agent_->send_value(*this, reader, where);
  } catch (...) {
    unclaim();
    throw;
  }
  remove_own_callback(*this);
  CallbackList none = publish(finished_word);
  return none;
}

inline CallbackList RelayCall::load_exception(pickle::Reader& reader, std::string worker_name, pid_t pid,
                                              std::string task) {
  if (!claim()) return {};
  try {
    agent_->send_raised(*this, reader, worker_name, pid, task);
  } catch (...) {
    unclaim();
    throw;
  }
  remove_own_callback(*this);
  return publish(finished_word);
}

inline void RelayCall::run(FutureStateBase&) { agent_->send_end(*this); }

/// What a call has come to, and how many others the node has, from which the caller learns whether it wants more.
inline void NodeAgent::begin_result(MessageWriter& message, std::uint64_t number, CallOutcome outcome) const {
  const std::uint32_t calls = call_count_.load(std::memory_order_relaxed);  // this one among them, mostly
  message << number << (std::max)(calls, 1U) - 1 << outcome;
}

/// A large one goes out from where its worker has written it.
inline void NodeAgent::send_value(const RelayCall& call, pickle::Reader& reader, ResultBlock* block) {
  const std::size_t size = reader.remaining();
  MessageWriter message(MessageKind::result, id_.load(std::memory_order_relaxed),
                        size < separate_body ? 24 + size : 24);
  begin_result(message, call.number(), CallOutcome::value);
  const std::byte* const bytes = reader.view(size);
  auto kept = block != nullptr && size >= separate_body ? block->keep(bytes) : nullptr;
  send(kept != nullptr ? message.finish({std::move(kept), size}) : message.finish_with({bytes, size}));
  forget(const_cast<RelayCall&>(call));
}

inline void NodeAgent::send_raised(const RelayCall& call, pickle::Reader& reader, const std::string& worker_name,
                                   pid_t pid, const std::string& task) {
  const std::size_t size = reader.remaining();
  MessageWriter message = begin(MessageKind::result);
  begin_result(message, call.number(), CallOutcome::raised);
  message << worker_name << pid << task;
  send(message.finish_with({reader.view(size), size}));
  forget(const_cast<RelayCall&>(call));
}

/// The host of a worker's death goes into the exception while somebody knows it.
inline std::exception_ptr with_host(const std::exception_ptr& exception, const OpenOrder& order) noexcept {
  const std::string label = node_label(order.host, order.rank);
  try {
    std::rethrow_exception(exception);
  } catch (const WorkerDied& error) {
    return std::make_exception_ptr(WorkerDied(said_on_node(error.what(), label), error.pid(), error.worker_name(),
                                              error.exit_status(), error.signal(), error.core_dumped(), error.task(),
                                              error.phase(), order.host));
  } catch (const TaskTimeoutError& error) {
    return std::make_exception_ptr(TaskTimeoutError(said_on_node(error.what(), label)));
  } catch (const BrokenProcessPool& error) {
    return std::make_exception_ptr(BrokenProcessPool(said_on_node(error.what(), label)));
  } catch (...) {
    return exception;
  }
}

/// The node has no worker, and the system refuses one: until it has one again all calls go back, for others to run.
inline void NodeAgent::send_refusal(std::uint64_t number, const std::string& reason) {
  MessageWriter message = begin(MessageKind::result);
  begin_result(message, number, CallOutcome::refused);
  message << reason;
  send(message.finish());
}

inline std::string reason_if_refused(const std::exception_ptr& exception, const OpenOrder& order) {
  try {
    std::rethrow_exception(exception);
  } catch (const NoWorkerStarted& error) {
    return said_on_node(error.what(), node_label(order.host, order.rank));
  } catch (...) {
    return {};
  }
}

inline void NodeAgent::send_end(RelayCall& call) {
  if (call.failed()) {
    const std::string reason = reason_if_refused(call.stored_exception(), order_);
    if (!reason.empty()) {
      {
        const ipc::MutexLock lock(mutex_);
        no_worker_ = reason;
      }
      send_refusal(call.number(), reason);
      return forget(call);
    }
  }
  const CallOutcome outcome = !call.failed()               ? CallOutcome::cancelled
                              : reason_if_broken().empty() ? CallOutcome::failed
                                                           : CallOutcome::broke;
  MessageWriter message = begin(MessageKind::result);
  begin_result(message, call.number(), outcome);
  if (call.failed()) pickle::dump_exception(message, with_host(call.stored_exception(), order_));
  send(message.finish());
  forget(call);
}

inline void NodeAgent::forget(RelayCall& call) {
  {
    const ipc::MutexLock lock(mutex_);
    if (calls_.erase(call.number()) == 0) return;
    call_count_.fetch_sub(1, std::memory_order_relaxed);
    calls_here().fetch_sub(1, std::memory_order_relaxed);
  }
  call.release();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
