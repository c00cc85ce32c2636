// SPDX-License-Identifier: BSL-1.0
// How an MPIPoolExecutor is made, and what it says of its nodes. Needs no MPI.
#pragma once

#include <concurrent/futures/exceptions.hpp>
#include <concurrent/futures/process_options.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {

/// What the loss of one node does to the others, where whoever started the program lets it go on at all.
enum class NodeDeathPolicy {
  break_pool,  ///< every unfinished future fails and the pool is broken
  fail_tasks,  ///< only futures whose calls that node had fail, with NodeDied; those with retries left run elsewhere
  fail_task = fail_tasks  ///< the same: the name of WorkerDeathPolicy's
};

/// How an MPIPoolExecutor is made.
struct MPIPoolOptions {
  std::optional<int> max_workers{};  ///< over all nodes; default: CONCURRENT_FUTURES_MAX_WORKERS, else all processors
  std::optional<int> workers_per_node{};  ///< on each, and no more than max_workers in all; default: one a processor
  bool caller_node = true;  ///< whether there are workers on the caller's own node, too, where there are others
  multiprocessing::Context mp_context = multiprocessing::get_context("forkserver");  ///< or "spawn"
  NodeDeathPolicy on_node_death = NodeDeathPolicy::break_pool;                       ///< what the loss of a node does
  std::chrono::nanoseconds node_timeout = std::chrono::seconds(10);  ///< a node that is silent for that long is lost
  Initializer initializer{};                                         ///< runs once in each worker before its first task
  Initializer
      finalizer{};  ///< runs in each worker that leaves in good order, after its last task; never if it is killed
  std::optional<int> max_tasks_per_child{};                           ///< a worker is replaced after that many tasks
  WorkerDeathPolicy on_worker_death = WorkerDeathPolicy::break_pool;  ///< and to the other calls
  RestartLimit restart_limit{};                                       ///< for each node
  std::optional<std::chrono::nanoseconds> idle_timeout{};  ///< a worker idle for that long leaves; default: never
  std::optional<std::size_t> max_pending{};  ///< that many calls may wait in this process; then submit waits for room
};

/// A node of an MPIPoolExecutor.
struct NodeInfo {
  std::string host;  ///< its name
  int rank = 0;      ///< of its agent in the program; 0 is the caller
  pid_t pid = 0;     ///< of its agent, on its own machine
  int workers = 0;   ///< how many it may have
};

/// The node that had this call was lost.
class NodeDied : public BrokenProcessPool {
 public:
  using BrokenProcessPool::BrokenProcessPool;
  /// One of which nothing is known.
  NodeDied() : BrokenProcessPool("concurrent::futures: a node was lost") {}
  /// For executors.
  NodeDied(const std::string& what, std::string host, int rank)
      : BrokenProcessPool(what), host_(std::move(host)), rank_(rank) {}

  /// The name of the node's machine.
  const std::string& host() const noexcept { return host_; }
  /// The rank of its agent; -1: not known.
  int rank() const noexcept { return rank_; }

  /// For pickling.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(host_, rank_);
  }

 private:
  std::string host_;
  int rank_ = -1;
};

}  // namespace concurrent::futures::inline v0
