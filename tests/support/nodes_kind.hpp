// SPDX-License-Identifier: BSL-1.0
// A kind of process pool that is one over two nodes: one of them the caller's own, one behind a socket. By
// executors.hpp, where SUPPORT_PROCESS_KIND_ON_NODES is defined.
//
// What differs from a pool of one machine, for whoever writes a row: news of starts and of workers come later
// (`news_delay`), and the name of a worker says where it is.
#pragma once

#include <concurrent/futures.hpp>
#include <concurrent/multiprocessing.hpp>

#include <string>
#include <utility>
#include <vector>

#include "concurrent/futures/detail/nodes/nodes.hpp"

namespace cf = concurrent::futures;
namespace mp = concurrent::multiprocessing;

namespace support {

struct ProcessKind {
  static constexpr bool is_process = true;
  static constexpr std::chrono::seconds news_delay{1};  // nodes tell it 20 ms later, as the machine allows
  std::string name;                                     // of the start method

  nodes::Pool pool(int max_workers = 5) const { return pool(cf::ProcessPoolOptions{.max_workers = max_workers}); }
  nodes::Pool pool(int max_workers, cf::Initializer initializer) const {
    return pool(cf::ProcessPoolOptions{.max_workers = max_workers, .initializer = std::move(initializer)});
  }
  nodes::Pool pool(cf::ProcessPoolOptions options) const {
    return nodes::Pool(nodes::Nodes(2), with_context(std::move(options)));
  }
  cf::MPIPoolOptions with_context(cf::ProcessPoolOptions options) const {
    cf::MPIPoolOptions wanted;
    wanted.max_workers = options.max_workers;
    wanted.mp_context = mp::get_context(name);
    wanted.initializer = std::move(options.initializer);
    wanted.finalizer = std::move(options.finalizer);
    wanted.max_tasks_per_child = options.max_tasks_per_child;
    wanted.on_worker_death = options.on_worker_death;
    wanted.restart_limit = options.restart_limit;
    wanted.idle_timeout = options.idle_timeout;
    wanted.max_pending = options.max_pending;
    return wanted;
  }
};

inline std::vector<ProcessKind> process_kinds() { return {{"forkserver"}}; }

}  // namespace support
