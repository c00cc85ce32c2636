// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/arriving_call.hpp>
#include <concurrent/futures/detail/nodes/node_link.hpp>
#include <concurrent/futures/detail/nodes/open_order.hpp>
#include <concurrent/futures/detail/nodes/relay_call.hpp>
#include <concurrent/futures/detail/pool/condition.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/detail/mutex.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/pickle/detail/unique_pointer.hpp>
#include <concurrent/pickle/exception.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

namespace ipc = multiprocessing::detail;

/// One pool's share on one node: runs the calls that come over a link in a pool of this machine. What it and its caller
/// say to each other stands in message.hpp.
///
/// Calls are handed to the pool by the thread that brings them; what may take long, and what nobody asks for, is done
/// by a thread of the agent's own.
class NodeAgent final : public NodePeer {
 public:
  /// `prepare` runs in the agent's thread before the pool is made, from whose thread workers inherit processors.
  explicit NodeAgent(NodeLink& back, void (*prepare)() = nullptr) : back_(&back), prepare_(prepare) {
    const multiprocessing::detail::BlockSignals no_handlers;
    thread_ = std::thread([this] { work(); });
  }
  /// Unless it has been closed, its workers are killed.
  ~NodeAgent() {
    lost({});
    thread_.join();
    if (ProcessPool* const pool = pool_.load()) pool->release();
  }
  NodeAgent(const NodeAgent&) = delete;
  NodeAgent& operator=(const NodeAgent&) = delete;

  void receive(Message message) noexcept override;
  std::byte* make_room(Message& message) override;
  void lost(const std::string& reason) noexcept override;

  /// How many calls all agents of this process have.
  static std::atomic<int>& calls_here() noexcept {
    static constinit std::atomic<int> calls{0};
    return calls;
  }
  /// Null until it is open.
  ProcessPool* pool() const noexcept { return pool_.load(std::memory_order_acquire); }
  /// Nothing is left of it but this object.
  bool has_ended() {
    const ipc::MutexLock lock(mutex_);
    return ended_;
  }

  bool has_calls() {
    const ipc::MutexLock lock(mutex_);
    return !calls_.empty();
  }

  // For RelayCall.
  void send_value(const RelayCall& call, pickle::Reader& reader, ResultBlock* block = nullptr);
  void send_raised(const RelayCall& call, pickle::Reader& reader, const std::string& worker_name, pid_t pid,
                   const std::string& task);
  void send_end(RelayCall& call);  // of one that is cancelled, or has failed without a worker's word
  void send_refusal(std::uint64_t number, const std::string& reason);

 private:
  void send(Message message) { back_->send(std::move(message)); }
  void begin_result(MessageWriter& message, std::uint64_t number, CallOutcome outcome) const;
  MessageWriter begin(MessageKind kind) const { return MessageWriter(kind, id_.load(std::memory_order_relaxed)); }
  void forget(RelayCall& call);
  RelayCall* find(std::uint64_t number);

  void take_call(const Message& message);
  void give_back(std::uint64_t number);
  void stop_call(const Message& message);
  void tell_time(const Message& question);
  void begin_trace();

  void work();
  void follow(const Message& order);
  void await_ends();
  void resize(ProcessPool& pool, MessageReader& order);
  void open(const Message& order);
  void finish(bool kill);
  void look_around();
  void try_to_recover();
  void tell_progress();
  void tell_state();
  std::string reason_if_broken();

  NodeLink* back_;
  void (*prepare_)();
  std::atomic<std::uint32_t> id_{0};
  std::atomic<ProcessPool*> pool_{nullptr};
  OpenOrder order_;  // constant once it is open

  ipc::Mutex mutex_;
  Condition changed_;
  std::deque<Message> orders_;
  std::map<std::uint64_t, RelayCall*> calls_;  // in the order in which they came; each with a reference
  std::atomic<std::uint32_t> call_count_{0};   // of them
  std::string no_worker_;                      // why there is none, so that calls are refused; mostly empty
  bool lost_ = false;
  bool ended_ = false;
  bool dozes_ = false;  // the thread looks around seldom

  std::map<std::uint64_t, CallInParts> in_parts_;  // by their number; of who brings messages

  // The thread's own.
  std::uint32_t tellings_ = 0;
  PoolStatistics told_;
  std::uint64_t told_workers_ = 0;
  bool told_whole_ = false;  // that the pool is not broken
  std::chrono::steady_clock::time_point look_at_state_{};
  std::chrono::steady_clock::time_point look_at_progress_{};
  std::thread thread_;
};

inline std::byte* NodeAgent::make_room(Message& message) {
  ProcessPool* const pool = pool_.load(std::memory_order_acquire);
  if (message.kind() == MessageKind::part && pool != nullptr) {
    MessageReader reader(message);
    const auto number = reader.next<std::uint64_t>();
    const auto at = reader.next<std::size_t>();
    return in_parts_.try_emplace(number, *pool, reader.next<std::size_t>())
        .first->second.make_room(at, message.header.body);
  }
  if (message.kind() == MessageKind::call && pool != nullptr) {
    try {
      const auto call = std::make_shared<ArrivingCall>(*pool, message.header.body);
      message.room = call;
      return call->writer.data();
    } catch (const std::exception&) {  // no shared memory for it: its future hears that when the call has come
    }
  }
  return plain_room(message);
}

inline void NodeAgent::receive(Message message) noexcept {
  switch (message.kind()) {
    case MessageKind::call:
    case MessageKind::call_of_parts:
      return take_call(message);
    case MessageKind::part:  // it lies where it belongs
      return;
    case MessageKind::part_void:
      return static_cast<void>(in_parts_.erase(MessageReader(message).next<std::uint64_t>()));
    case MessageKind::withdraw:
      return give_back(MessageReader(message).next<std::uint64_t>());
    case MessageKind::stop:
    case MessageKind::request_stop:
      return stop_call(message);
    case MessageKind::clock:
      return tell_time(message);
    case MessageKind::trace:  // before the calls that follow it
      return begin_trace();
    default:
      break;
  }
  const ipc::MutexLock lock(mutex_);
  orders_.push_back(std::move(message));
  changed_.notify_one();
}

inline void NodeAgent::lost(const std::string&) noexcept {
  const ipc::MutexLock lock(mutex_);
  lost_ = true;
  changed_.notify_one();
}

inline void NodeAgent::take_call(const Message& message) {
  ProcessPool& pool = *pool_.load(std::memory_order_acquire);
  MessageReader reader(message);
  const auto number = reader.next<std::uint64_t>();
  const bool has_parts = message.kind() == MessageKind::call_of_parts;
  const auto parts = has_parts ? in_parts_.extract(reader.next<std::uint64_t>()) : decltype(in_parts_)::node_type();
  const auto size = has_parts ? reader.next<std::size_t>() : 0;
  RelayCall* call = nullptr;
  {
    ipc::MutexLock lock(mutex_);
    if (!no_worker_.empty()) {
      const std::string reason = no_worker_;
      lock.unlock();
      return send_refusal(number, reason);
    }
    call = new RelayCall(*this, pool, number);
    call->add_reference();  // ours, while we look at it here; the first one is the table's
    calls_.emplace(number, call);
    call_count_.fetch_add(1, std::memory_order_relaxed);
    calls_here().fetch_add(1, std::memory_order_relaxed);
    if (std::exchange(dozes_, false)) changed_.notify_one();
  }
  try {
    if (reader.next<bool>()) {
      auto options = pickle::detail::UniquePointer<TaskOptions>::make();
      if (const auto timeout = reader.next<std::int64_t>(); timeout != 0)
        options->timeout = std::chrono::nanoseconds(timeout);
      options->retries = reader.next<int>();
      options->priority = reader.next<int>();
      options->label = reader.next<std::string>();
      call->retries_left = static_cast<std::uint16_t>(options->retries);
      call->options = std::move(options);
    }
    if (!parts.empty()) {
      pool.submit(*call, parts.mapped().finish(size, reader.rest()));
    } else if (message.room != nullptr) {
      pool.submit(*call, static_cast<ArrivingCall*>(message.room.get())->writer);
    } else {
      const auto bytes = reader.rest();
      CallWriter writer(pool.blocks());
      writer.write(bytes.data(), bytes.size());
      pool.submit(*call, writer);
    }
  } catch (...) {
    FutureStateBase::run(call->finish_with_exception(std::current_exception()));
  }
  call->release();
}

/// With a reference; null: its result is on its way.
inline RelayCall* NodeAgent::find(std::uint64_t number) {
  const ipc::MutexLock lock(mutex_);
  const auto at = calls_.find(number);
  if (at == calls_.end()) return nullptr;
  at->second->add_reference();
  return at->second;
}

inline void NodeAgent::give_back(std::uint64_t number) {
  RelayCall* const call = find(number);
  const bool given = call != nullptr && call->cancel();  // and its callback has told so
  if (call != nullptr) call->release();
  if (!given) send((begin(MessageKind::kept) << number).finish());
}

inline void NodeAgent::stop_call(const Message& message) {
  RelayCall* const call = find(MessageReader(message).next<std::uint64_t>());
  if (call == nullptr) return;
  static_cast<void>(message.kind() == MessageKind::stop ? call->terminate() : call->request_stop());
  call->release();
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0

#include <concurrent/futures/detail/nodes/node_agent_results.hpp>
#include <concurrent/futures/detail/nodes/node_agent_trace.hpp>
#include <concurrent/futures/detail/nodes/node_agent_work.hpp>
