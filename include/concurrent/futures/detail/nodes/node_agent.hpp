// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/node_link.hpp>
#include <concurrent/futures/detail/nodes/open_order.hpp>
#include <concurrent/futures/detail/nodes/relay_call.hpp>
#include <concurrent/futures/detail/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/pickle/exception.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace concurrent::futures::inline v0 {
namespace detail {

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
  void lost(const std::string& reason) noexcept override;

  /// Null until it is open.
  ProcessPool* pool() const noexcept { return pool_.load(std::memory_order_acquire); }
  /// Nothing is left of it but this object.
  bool has_ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  bool has_calls() {
    const std::lock_guard lock(mutex_);
    return !calls_.empty();
  }

  // For RelayCall.
  void send_value(const RelayCall& call, pickle::Reader& reader);
  void send_raised(const RelayCall& call, pickle::Reader& reader, const std::string& worker_name, pid_t pid,
                   const std::string& task);
  void send_end(RelayCall& call);  // of one that is cancelled, or has failed without a worker's word

 private:
  void send(Message message) { back_->send(std::move(message)); }
  MessageWriter begin(MessageKind kind) const { return MessageWriter(kind, id_.load(std::memory_order_relaxed)); }
  void forget(RelayCall& call);
  RelayCall* find(std::uint64_t number);

  void take_call(const Message& message);
  void give_back(std::uint64_t number);
  void stop_call(const Message& message);

  void work();
  void follow(const Message& order);
  void open(const Message& order);
  void finish(bool kill);
  void look_around();
  void tell_progress();
  void tell_state();
  std::string reason_if_broken();

  NodeLink* back_;
  void (*prepare_)();
  std::atomic<std::uint32_t> id_{0};
  std::atomic<ProcessPool*> pool_{nullptr};
  OpenOrder order_;  // constant once it is open

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Message> orders_;
  std::map<std::uint64_t, RelayCall*> calls_;  // in the order in which they came; each with a reference
  bool lost_ = false;
  bool ended_ = false;
  bool dozes_ = false;  // the thread looks around seldom

  // The thread's own.
  PoolStatistics told_;
  std::uint64_t told_workers_ = 0;
  bool told_whole_ = false;  // that the pool is not broken
  std::chrono::steady_clock::time_point look_at_state_{};
  std::chrono::steady_clock::time_point look_at_progress_{};
  std::thread thread_;
};

// ---- Results

inline CallbackList RelayCall::load(pickle::Reader& reader) {
  if (!claim()) return {};  // stopped: its callback tells that
  try {
    agent_->send_value(*this, reader);
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

inline void NodeAgent::send_value(const RelayCall& call, pickle::Reader& reader) {
  const std::size_t size = reader.remaining();
  MessageWriter message(MessageKind::result, id_.load(std::memory_order_relaxed),
                        size < separate_body ? 16 + size : 16);
  message << call.number() << CallOutcome::value;
  send(message.finish_with({reader.view(size), size}));
  forget(const_cast<RelayCall&>(call));
}

inline void NodeAgent::send_raised(const RelayCall& call, pickle::Reader& reader, const std::string& worker_name,
                                   pid_t pid, const std::string& task) {
  const std::size_t size = reader.remaining();
  MessageWriter message = begin(MessageKind::result);
  message << call.number() << CallOutcome::raised << worker_name << pid << task;
  send(message.finish_with({reader.view(size), size}));
  forget(const_cast<RelayCall&>(call));
}

/// The host of a worker's death goes into the exception while somebody knows it.
inline std::exception_ptr with_host(const std::exception_ptr& exception, const OpenOrder& order) noexcept {
  const std::string where = " On node " + node_label(order.host, order.rank) + ".";
  try {
    std::rethrow_exception(exception);
  } catch (const WorkerDied& error) {
    return std::make_exception_ptr(WorkerDied(error.what() + where, error.pid(), error.worker_name(),
                                              error.exit_status(), error.signal(), error.core_dumped(), error.task(),
                                              error.phase()));
  } catch (const TaskTimeoutError& error) {
    return std::make_exception_ptr(TaskTimeoutError(error.what() + where));
  } catch (const BrokenProcessPool& error) {
    return std::make_exception_ptr(BrokenProcessPool(error.what() + where));
  } catch (...) {
    return exception;
  }
}

inline void NodeAgent::send_end(RelayCall& call) {
  MessageWriter message = begin(MessageKind::result);
  message << call.number();
  if (!call.failed()) {
    message << CallOutcome::cancelled;
  } else {
    const bool broke = !reason_if_broken().empty();
    message << (broke ? CallOutcome::broke : CallOutcome::failed);
    pickle::dump_exception(message, with_host(call.stored_exception(), order_));
  }
  send(message.finish());
  forget(call);
}

inline void NodeAgent::forget(RelayCall& call) {
  {
    const std::lock_guard lock(mutex_);
    if (calls_.erase(call.number()) == 0) return;
  }
  call.release();
}

// ---- What the caller asks for

inline void NodeAgent::receive(Message message) noexcept {
  switch (message.kind()) {
    case MessageKind::call:
      return take_call(message);
    case MessageKind::withdraw:
      return give_back(MessageReader(message).next<std::uint64_t>());
    case MessageKind::stop:
    case MessageKind::request_stop:
      return stop_call(message);
    default:
      break;
  }
  const std::lock_guard lock(mutex_);
  orders_.push_back(std::move(message));
  changed_.notify_one();
}

inline void NodeAgent::lost(const std::string&) noexcept {
  const std::lock_guard lock(mutex_);
  lost_ = true;
  changed_.notify_one();
}

inline void NodeAgent::take_call(const Message& message) {
  ProcessPool& pool = *pool_.load(std::memory_order_acquire);
  MessageReader reader(message);
  const auto number = reader.next<std::uint64_t>();
  auto* const call = new RelayCall(*this, pool, number);
  call->add_reference();  // ours, while we look at it here; the first one is the table's
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace(number, call);
    if (std::exchange(dozes_, false)) changed_.notify_one();
  }
  try {
    if (reader.next<bool>()) {
      auto options = std::make_unique<TaskOptions>();
      if (const auto timeout = reader.next<std::int64_t>(); timeout != 0)
        options->timeout = std::chrono::nanoseconds(timeout);
      options->retries = reader.next<int>();
      options->priority = reader.next<int>();
      options->label = reader.next<std::string>();
      call->retries_left = static_cast<std::uint16_t>(options->retries);
      call->options = std::move(options);
    }
    const auto bytes = reader.rest();
    CallWriter writer(pool.blocks());
    writer.write(bytes.data(), bytes.size());
    pool.submit(*call, writer);
  } catch (...) {
    FutureStateBase::run(call->finish_with_exception(std::current_exception()));
  }
  call->release();
}

/// With a reference; null: its result is on its way.
inline RelayCall* NodeAgent::find(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
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

// ---- The agent's own thread

inline void NodeAgent::work() {
  ::pthread_setname_np(::pthread_self(), "node-agent");
  std::unique_lock lock(mutex_);
  for (;;) {
    if (lost_) break;
    if (!orders_.empty()) {
      const Message order = std::move(orders_.front());
      orders_.pop_front();
      lock.unlock();
      if (order.kind() == MessageKind::close) {
        finish(false);
        lock.lock();
        ended_ = true;
        return;
      }
      follow(order);
      lock.lock();
      continue;
    }
    if (pool() == nullptr) {
      changed_.wait(lock);
      continue;
    }
    dozes_ = calls_.empty();
    changed_.wait_for(lock, dozes_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(1));
    dozes_ = false;
    lock.unlock();
    look_around();
    lock.lock();
  }
  lock.unlock();
  finish(true);
  lock.lock();
  ended_ = true;
}

inline void NodeAgent::follow(const Message& order) {
  MessageReader reader(order);
  ProcessPool* const pool = this->pool();
  if (order.kind() == MessageKind::open) return open(order);
  if (pool == nullptr) return;
  switch (order.kind()) {
    case MessageKind::warm_up:
      return pool->warm_up(reader.next<int>());
    case MessageKind::resize:
      return pool->set_max_workers(reader.next<int>());
    case MessageKind::census: {
      const auto serial = reader.next<std::uint32_t>();
      const std::vector<pid_t> workers = pool->processes();
      tell_state();
      return send((begin(MessageKind::workers) << serial << workers).finish());
    }
    case MessageKind::end_workers:
      pool->stop_workers(reader.next<int>());
      return send(begin(MessageKind::ended).finish());
    default:
      return;
  }
}

inline void NodeAgent::open(const Message& order) {
  id_.store(order.header.pool);
  ProcessPool* pool = nullptr;
  try {
    if (prepare_ != nullptr) prepare_();
    MessageReader reader(order);
    order_ = reader.next<OpenOrder>();
    pool = ProcessPool::make(order_.process_options());
    pool->start();
    if (order_.workers < order_.most_workers) pool->set_max_workers(order_.workers);
  } catch (...) {
    if (pool != nullptr) pool->release();
    MessageWriter message = begin(MessageKind::opened);
    pickle::dump_exception(message, std::current_exception());
    send(message.finish());
    return lost({});  // nothing else follows
  }
  pool_.store(pool, std::memory_order_release);
  send(begin(MessageKind::opened).finish());
}

/// Nothing is left of the pool when it returns.
inline void NodeAgent::finish(bool kill) {
  if (ProcessPool* const pool = this->pool()) {
    if (kill) pool->stop_workers(SIGKILL);
    pool->shutdown(kill);
    pool->wait_until_ended((Deadline::max)());
    if (!kill) tell_state();
  }
  if (!kill) send(begin(MessageKind::closed).finish());
}

/// Which calls have begun, and what has become of workers.
inline void NodeAgent::look_around() {
  constexpr int enough = 8;  // calls begin in the order in which they came, nearly
  std::vector<std::uint64_t> begun;
  {
    const std::lock_guard lock(mutex_);
    int waiting = 0;
    for (const auto& [number, call] : calls_) {
      if (call->told_started) continue;
      if (!std::exchange(call->is_old, true)) continue;
      if (call->running()) {
        call->told_started = true;
        begun.push_back(number);
      } else if (++waiting == enough) {
        break;
      }
    }
  }
  for (const std::uint64_t number : begun) send((begin(MessageKind::started) << number).finish());
  const auto now = std::chrono::steady_clock::now();
  if (now >= look_at_progress_) {
    look_at_progress_ = now + std::chrono::milliseconds(10);
    tell_progress();
  }
  if (now < look_at_state_) return;
  look_at_state_ = now + std::chrono::milliseconds(20);
  tell_state();
}

inline void NodeAgent::tell_progress() {
  std::vector<Message> news;
  {
    const std::lock_guard lock(mutex_);
    auto left = static_cast<std::size_t>(pool()->max_workers());  // so many run at most
    for (const auto& [number, call] : calls_) {
      if (!call->told_started) continue;
      std::uint64_t done = 0;
      std::uint64_t total = 0;
      call->read_progress(done, total);
      if (done != call->done || total != call->total) {
        call->done = done;
        call->total = total;
        news.push_back((begin(MessageKind::progress) << number << done << total).finish());
      }
      if (--left == 0) break;
    }
  }
  for (Message& message : news) send(std::move(message));
}

inline void NodeAgent::tell_state() {
  const PoolStatistics counts = pool()->statistics();
  const PoolGlance glance = pool()->glance();
  const std::string broken = glance.phase == PoolGlance::Phase::broken ? reason_if_broken() : std::string();
  if (counts.workers_started == told_.workers_started && counts.workers_lost == told_.workers_lost &&
      glance.workers == told_workers_ && broken.empty() == told_whole_)
    return;
  told_ = counts;
  told_workers_ = glance.workers;
  told_whole_ = broken.empty();
  send((begin(MessageKind::state) << counts.workers_started << counts.workers_lost << glance.workers << broken)
           .finish());
}

/// Why the pool takes no calls; empty: it does, or was closed in good order.
inline std::string NodeAgent::reason_if_broken() {
  try {
    pool()->check_open();
  } catch (const BrokenProcessPool& error) {
    return error.what() + std::string(" On node ") + node_label(order_.host, order_.rank) + ".";
  } catch (const std::exception&) {
  }
  return {};
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
