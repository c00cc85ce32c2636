// SPDX-License-Identifier: BSL-1.0
// A kind of process pool that is one over several nodes. By executors.hpp, where SUPPORT_PROCESS_KIND_ON_NODES is
// defined. Where the nodes are, the program says that is linked with it: tests/conformance_nodes.
//
// What differs from a pool of one machine, for whoever writes a row, stands in conformance_nodes/differences.cpp; news
// of starts and of workers come later (`news_delay`).
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

/// Where the nodes are.
struct NodeSource {
  std::vector<cf::detail::NodePlace> (*places)(const cf::MPIPoolOptions& options) = nullptr;
  bool is_mpi = false;
  int ranks = 1;            // of an MPI job
  bool caller_node = true;  // whether the caller's own is to be one of them
};
const NodeSource& node_source();

/// Why this test is not for such a pool; null: it is.
const char* reason_to_leave_out(const std::string& test);

/// What MPIPoolExecutor is, but for its constructors.
class NodesPool final : public cf::detail::NodePoolMembers<NodesPool, concurrent::pickle::Pickle> {
 public:
  explicit NodesPool(cf::MPIPoolOptions options) : NodePoolMembers(options, node_source().places(options)) {}
  static std::string executor_name() { return "NodesPool"; }
};

struct ProcessKind {
  static constexpr bool is_process = true;
  static constexpr std::chrono::seconds news_delay{1};  // nodes tell it 20 ms later, as the machine allows
  std::string name;                                     // of the start method

  NodesPool pool(int max_workers = 5) const { return pool(cf::ProcessPoolOptions{.max_workers = max_workers}); }
  NodesPool pool(int max_workers, cf::Initializer initializer) const {
    return pool(cf::ProcessPoolOptions{.max_workers = max_workers, .initializer = std::move(initializer)});
  }
  NodesPool pool(cf::ProcessPoolOptions options) const { return NodesPool(with_context(std::move(options))); }
  cf::MPIPoolOptions with_context(cf::ProcessPoolOptions options) const {
    cf::MPIPoolOptions wanted;
    wanted.caller_node = node_source().caller_node;
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

  /// What the first pool brings about and the end of the program undoes is no leak of a test.
  static void prepare() {
    static const bool done = [] {
      const NodesPool pool(cf::MPIPoolOptions{});
      return true;
    }();
    static_cast<void>(done);
  }
};

inline std::vector<ProcessKind> process_kinds() { return {{"forkserver"}}; }

}  // namespace support
