// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/detail/nodes/node_pool.hpp>
#include <concurrent/futures/detail/process_pool/process_pool.hpp>
#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

inline std::uint32_t next_node_pool_id() noexcept {
  static std::atomic<std::uint32_t> id{0};
  return id.fetch_add(1) + 1;
}

inline void NodePool::check_options(const MPIPoolOptions& options) {
  const auto refuse = [](const char* name, long long value, const char* right) {
    throw std::invalid_argument("concurrent::futures: " + std::string(name) + " is " + std::to_string(value) +
                                ". It must be " + right + ".");
  };
  if (options.max_workers && *options.max_workers <= 0)
    refuse("max_workers", *options.max_workers, "greater than 0; leave it out for one worker a processor");
  if (options.workers_per_node && (*options.workers_per_node <= 0 || *options.workers_per_node > 60'000))
    refuse("workers_per_node", *options.workers_per_node, "from 1 to 60000; leave it out for one a processor");
  if (options.max_tasks_per_child && *options.max_tasks_per_child <= 0)
    refuse("max_tasks_per_child", *options.max_tasks_per_child, "greater than 0; leave it out for no limit");
  if (options.idle_timeout && options.idle_timeout->count() <= 0)
    refuse("idle_timeout", options.idle_timeout->count(), "greater than 0 nanoseconds; leave it out for none");
  if (options.restart_limit.period.count() < 0)
    refuse("restart_limit.period", options.restart_limit.period.count(), "0 ns or more");
  if (options.restart_limit.count < 0) refuse("restart_limit.count", options.restart_limit.count, "0 or more");
  if (options.max_pending == std::size_t{0}) refuse("max_pending", 0, "greater than 0; leave it out for no limit");
  if (options.node_timeout.count() <= 0)
    refuse("node_timeout", options.node_timeout.count(), "greater than 0 nanoseconds");
  if (options.mp_context.method() == multiprocessing::detail::StartMethod::fork) {
    throw std::invalid_argument(
        "concurrent::futures: mp_context is \"fork\". Processes that speak with other machines should not be forked: "
        "use \"forkserver\", which is the default here, or \"spawn\".");
  }
}

inline NodePool* NodePool::make(MPIPoolOptions options, std::vector<NodePlace> places) {
  check_options(options);
  auto* const pool = new NodePool(std::move(options), std::move(places));
  try {
    pool->open_nodes();
  } catch (...) {
    pool->shutdown(true);
    if (pool->manager_.joinable()) pool->wait_until_ended((Deadline::max)());
    pool->release();
    throw;
  }
  return pool;
}

/// Chooses the nodes. The caller's own is left out if it shall be and there are others.
inline NodePool::NodePool(MPIPoolOptions options, std::vector<NodePlace> places)
    : options_(std::move(options)), id_(next_node_pool_id()), pending_limit_(options_.max_pending) {
  if (!options_.caller_node && places.size() > 1)
    std::erase_if(places, [](const NodePlace& place) { return place.is_local; });
  int total = 0;
  for (const NodePlace& place : places) total += options_.workers_per_node.value_or(place.processors);
  const int processors = total;
  if (options_.max_workers) {
    total = *options_.max_workers;
  } else if (const char* const wanted = std::getenv("CONCURRENT_FUTURES_MAX_WORKERS"); wanted != nullptr) {
    if (const int number = std::atoi(wanted); number > 0) total = number;
  }
  if (options_.workers_per_node) total = (std::min)(total, processors);
  std::vector<int> shares;
  int left = total;
  for (const NodePlace& place : places) {
    shares.push_back((std::min)(left, options_.workers_per_node.value_or(place.processors)));
    left -= shares.back();
  }
  for (std::size_t i = 0; left > 0; --left, ++i) ++shares[i % shares.size()];  // more workers than processors
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (shares[i] == 0) continue;
    is_alone_ = is_alone_ && places[i].is_local;
    nodes_.push_back(std::make_unique<PoolNode>(*this, nodes_.size(), std::move(places[i])));
    nodes_.back()->workers = nodes_.back()->limit = nodes_.back()->wanted = shares[i];
    nodes_.back()->most = ProcessPool::most_for(shares[i]);
    nodes_.back()->credits.set_workers(shares[i]);
  }
  max_workers_.store(total);
}

inline NodePool::~NodePool() {
  for (const auto& node : nodes_) {
    node->link.reset();
    if (node->local_pool != nullptr) node->local_pool->release();
  }
}

inline void NodePool::destroy() noexcept {
  if (manager_.joinable()) manager_.detach();  // only where nobody could join it: this is the manager itself
  delete this;
}

/// Returns when each has been opened. Throws what one of them has thrown.
inline void NodePool::open_nodes() {
  add_reference();  // the manager's
  try {
    const multiprocessing::detail::BlockSignals no_handlers;
    manager_ = std::thread(&NodePool::manage, this);
  } catch (const std::system_error& error) {
    release();
    multiprocessing::detail::throw_errno(error.code().value(), "pthread_create for a thread of the executor");
  }
  OpenOrder order;
  order.surroundings = multiprocessing::detail::Surroundings::of_this_process();
  order.start_method = options_.mp_context.get_start_method();
  order.max_tasks_per_child = options_.max_tasks_per_child;
  order.breaks_pool = options_.on_worker_death == WorkerDeathPolicy::break_pool;
  order.restart_count = options_.restart_limit.count;
  order.restart_period = options_.restart_limit.period.count();
  if (options_.idle_timeout) order.idle_timeout = options_.idle_timeout->count();
  const auto carried = [&](const Initializer& call) {
    pickle::detail::VectorWriter writer;
    writer.set_audience(audience());
    call.dump(writer);
    return writer.take();
  };
  if (options_.initializer) order.initializer = carried(options_.initializer);
  if (options_.finalizer) order.finalizer = carried(options_.finalizer);
  for (const auto& node : nodes_) {
    node->link = node->place.connection->connect(id_, *node);
    order.host = node->place.host;
    order.rank = node->place.rank;
    order.workers = node->workers;
    node->link->send((MessageWriter(MessageKind::open, id_) << order).finish());
  }
  const Deadline deadline = std::chrono::steady_clock::now() +
                            (std::max)(options_.node_timeout, std::chrono::nanoseconds(std::chrono::seconds(60)));
  ipc::MutexLock lock(mutex_);
  for (;;) {
    const std::uint32_t seen = inbox_.answers();
    std::string silent;
    for (const auto& node : nodes_) {
      if (node->refusal != nullptr) std::rethrow_exception(node->refusal);
      if (node->is_lost)
        throw NodeDied(
            "concurrent::futures: node " + node->label() + " was lost while it was made ready for this executor.",
            node->place.host, node->place.rank);
      if (!node->is_open) silent = node->label();
    }
    if (silent.empty()) break;
    if (std::chrono::steady_clock::now() >= deadline) {
      throw RuntimeError("concurrent::futures: node " + silent +
                         " has not made itself ready for this executor. Look at what its machine is doing.");
    }
    lock.unlock();
    await_answer(seen, deadline);
    lock.lock();
  }
  for (const auto& node : nodes_) {
    if (driver_ == nullptr) driver_ = node->link->driver();
    node->local_pool = node->link->local_pool();
    if (node->local_pool == nullptr) continue;
    node->local_pool->add_reference();
    local_pool_.store(node->local_pool, std::memory_order_release);
  }
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
