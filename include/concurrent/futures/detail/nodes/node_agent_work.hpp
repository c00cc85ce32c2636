// SPDX-License-Identifier: BSL-1.0
// An agent's own thread.
#pragma once

#include <concurrent/futures/detail/nodes/node_agent.hpp>
#include <concurrent/os/thread.hpp>

#include <algorithm>
#include <chrono>

namespace concurrent::futures::inline v0 {
namespace detail {

inline void NodeAgent::work() {
  os::set_thread_name("node-agent");
  ipc::is_own_thread() = true;
  ipc::MutexLock lock(mutex_);
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
    changed_.wait(lock, std::chrono::steady_clock::now() +
                            (dozes_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(1)));
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
      return resize(*pool, reader);
    case MessageKind::census: {
      const auto serial = reader.next<std::uint32_t>();
      const std::vector<pid_t> workers = pool->processes();
      tell_state();
      return send((begin(MessageKind::workers) << serial << workers).finish());
    }
    case MessageKind::end_workers:
      pool->stop_workers(reader.next<int>());
      await_ends();
      return send(begin(MessageKind::ended).finish());
    default:
      return;
  }
}

/// Until the caller has been told of the calls that are done: the pool's own thread does that.
inline void NodeAgent::await_ends() {
  ipc::MutexLock lock(mutex_);
  const Deadline patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (!lost_ && std::chrono::steady_clock::now() < patience &&
         std::any_of(calls_.begin(), calls_.end(), [](const auto& entry) { return entry.second->state().done(); }))
    changed_.wait(lock, std::chrono::steady_clock::now() + std::chrono::microseconds(100));
}

inline void NodeAgent::resize(ProcessPool& pool, MessageReader& order) {
  MessageWriter answer = begin(MessageKind::resized);
  answer << order.next<std::uint32_t>();
  try {
    pool.set_max_workers(order.next<int>());
  } catch (const std::exception&) {
    pickle::dump_exception(answer, std::current_exception());
  }
  send(answer.finish());
}

inline void NodeAgent::open(const Message& order) {
  id_.store(order.header.pool);
  ProcessPool* pool = nullptr;
  struct Told {
    ~Told() { multiprocessing::detail::Surroundings::of_another() = nullptr; }
  } const told;
  try {
    if (prepare_ != nullptr) prepare_();
    MessageReader reader(order);
    order_ = reader.next<OpenOrder>();
    multiprocessing::detail::Surroundings::of_another() = &order_.surroundings;
    pool = ProcessPool::make(order_.process_options());
    pool->hand_calls_back();
    pool->start();
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
    const ipc::MutexLock lock(mutex_);
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
  try_to_recover();
  tell_state();
}

/// Where the system has refused the node's only worker: asks again now and then, since no call comes meanwhile.
inline void NodeAgent::try_to_recover() {
  {
    const ipc::MutexLock lock(mutex_);
    if (no_worker_.empty()) return;
  }
  pool()->warm_up(1);
  if (pool()->processes().empty()) return;
  {
    const ipc::MutexLock lock(mutex_);
    no_worker_.clear();
  }
  send(begin(MessageKind::recovered).finish());
}

inline void NodeAgent::tell_progress() {
  std::vector<Message> news;
  {
    const ipc::MutexLock lock(mutex_);
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
  const PoolSnapshot snapshot = pool()->snapshot();
  const std::string broken = snapshot.phase == PoolSnapshot::Phase::broken ? reason_if_broken() : std::string();
  if (counts.workers_started == told_.workers_started && counts.workers_lost == told_.workers_lost &&
      snapshot.workers == told_workers_ && broken.empty() == told_whole_)
    return;
  told_ = counts;
  told_workers_ = snapshot.workers;
  told_whole_ = broken.empty();
  send((begin(MessageKind::state) << ++tellings_ << counts.workers_started << counts.workers_lost << snapshot.workers
                                  << broken)
           .finish());
}

/// Why the pool takes no calls; empty: it does, or was closed in good order.
inline std::string NodeAgent::reason_if_broken() {
  try {
    pool()->check_open();
  } catch (const BrokenProcessPool& error) {
    return said_on_node(error.what(), node_label(order_.host, order_.rank));
  } catch (const std::exception&) {
  }
  return {};
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
