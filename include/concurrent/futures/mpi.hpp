// SPDX-License-Identifier: BSL-1.0
// The same program on many machines: MPIPoolExecutor in place of ProcessPoolExecutor, started by mpirun or srun.
//
//  rank 0: the program                                     the first rank of every other machine: its agent
// ┌────────────────────────────────────────┐   MPI        ┌──────────────────────────────────┐
// │ submit, futures ── NodePool ── "mpi" ──┼──────────────┼─ freeze_support: agent           │
// │                       │        thread  │              │    └─ ProcessPool ── workers     │
// │                       └ ProcessPool ── workers        └──────────────────────────────────┘
// └────────────────────────────────────────┘
//
// Needs MPI: link concurrent::futures_mpi. detail/nodes/message.hpp says what the two sides say to each other.
#pragma once

#include <concurrent/futures/detail/nodes/mpi_environment.hpp>
#include <concurrent/futures/detail/nodes/mpi_job.hpp>
#include <concurrent/futures/detail/nodes/node_pool_members.hpp>
#include <concurrent/futures/mpi_options.hpp>
#include <concurrent/futures/process.hpp>  // what an agent's pool is made of
#include <concurrent/multiprocessing/detail/start_hooks.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/pickle/detail/readable_name.hpp>
#include <concurrent/pickle/exception.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace concurrent::futures::inline v0 {
namespace detail {

inline const bool mpi_is_registered = [] {
  multiprocessing::detail::start_hooks() = {&forget_launcher, &MpiJob::enter};
  return true;
}();

inline const bool node_died_is_declared = pickle::detail::declare_exception<NodeDied>();

/// The nodes of this program. Throws RuntimeError that says what to type.
inline std::vector<NodePlace> mpi_places(const MPIPoolOptions& options) {
  if (multiprocessing::parent_process()) {
    throw RuntimeError(
        "concurrent::futures: a task may not make an MPIPoolExecutor: it runs in a worker, which is no rank. Use a "
        "ProcessPoolExecutor there, or submit follow-up work from the caller.");
  }
  if (MpiJob* const job = MpiJob::current()) {
    if (job->is_here()) return job->places(options.node_timeout);
    throw RuntimeError(
        "concurrent::futures: this process is a fork of rank 0, and no rank itself: it may not make an "
        "MPIPoolExecutor. Use a ProcessPoolExecutor here.");
  }
  if (launched_rank()) {
    throw RuntimeError(
        "concurrent::futures: a launcher has started this program, and it has not called freeze_support yet, where the "
        "other ranks become agents. Make this the first line of main, and the executor after it (at namespace scope it "
        "would be made before main; a static of a function is not):\n"
        "    concurrent::multiprocessing::freeze_support(argc, argv);");
  }
  refuse_lone_copies();
  NodePlace place;
  place.host = host_name();
  place.pid = ::getpid();
  place.processors = multiprocessing::usable_cpu_count();
  place.is_local = true;
  place.connection = std::make_shared<DirectConnection>();
  std::vector<NodePlace> places;
  places.push_back(std::move(place));
  return places;
}

}  // namespace detail

/// Runs calls in worker processes on all machines that a launcher of MPI programs has started this one on.
///
///     int main(int argc, char** argv) {
///       concurrent::multiprocessing::freeze_support(argc, argv);  // ranks other than 0 become agents here
///       concurrent::futures::MPIPoolExecutor pool;
///       …
///     }
///
/// `mpirun --map-by ppr:1:node --bind-to none ./program`, or `srun --mpi=pmix ./program`. Without a launcher the
/// program is the one node and MPI is not touched. Where a machine has several ranks, as many workers run there, and
/// all ranks but the first wait for the end of the program. CONCURRENT_FUTURES_RANKS_AS_NODES=1 in the environment
/// makes each rank a node of its own, to try out on one machine what happens on several.
///
/// No part of the program calls MPI, main included: the library begins MPI, speaks with the other ranks and ends it.
/// The executor is made in main, after freeze_support, or is a static of a function; at namespace scope it would be too
/// early. Signals that a launcher sends to all ranks are answered by rank 0: agents live on until it ends.
///
/// On each node an agent keeps a pool of workers: a call that crashes, hangs or runs out of memory costs its own
/// future, never the job. The loss of a node ends the job, as MPI does. Every node runs the same file of the program.
///
/// Threads: all members may be called from any thread. A task makes no MPIPoolExecutor, and its process is no rank.
/// Python: `mpi4py.futures.MPIPoolExecutor`.
template <class Serializer = pickle::Pickle>
class BasicMPIPoolExecutor : public detail::NodePoolMembers<BasicMPIPoolExecutor<Serializer>, Serializer> {
  using Base = detail::NodePoolMembers<BasicMPIPoolExecutor<Serializer>, Serializer>;

 public:
  BasicMPIPoolExecutor() : BasicMPIPoolExecutor(MPIPoolOptions{}) {}
  /// Throws: as the constructor from options.
  explicit BasicMPIPoolExecutor(int max_workers) : BasicMPIPoolExecutor(with_workers(max_workers)) {}
  /// Makes the nodes ready, and waits until they are. Starts no worker yet.
  ///
  /// Throws: std::invalid_argument, which names the argument and its value; RuntimeError where a node runs another
  /// build, does not answer, or the program was started in a way that cannot work, with the line to type;
  /// std::system_error.
  explicit BasicMPIPoolExecutor(MPIPoolOptions options)
      : BasicMPIPoolExecutor(detail::mpi_places(options), std::move(options)) {}
  /// shutdown(true): every call that was submitted is completed, and nothing is left of the pool. Never throws.
  ~BasicMPIPoolExecutor() = default;
  BasicMPIPoolExecutor(const BasicMPIPoolExecutor&) = delete;
  BasicMPIPoolExecutor& operator=(const BasicMPIPoolExecutor&) = delete;

 private:
  friend Base;
  static std::string executor_name() {
    if constexpr (std::is_same_v<Serializer, pickle::Pickle>) {
      return "MPIPoolExecutor";
    } else {
      return "BasicMPIPoolExecutor<" + pickle::detail::readable_name<Serializer>() + ">";
    }
  }
  static MPIPoolOptions with_workers(int max_workers) {
    MPIPoolOptions options;
    options.max_workers = max_workers;
    return options;
  }
  BasicMPIPoolExecutor(std::vector<detail::NodePlace> places, MPIPoolOptions options)
      : Base(std::move(options), std::move(places)) {
    if (detail::MpiJob* const job = detail::MpiJob::current()) {
      job->pools().add(this->share());
    } else {
      detail::ExitRegistry::instance().add(this->share());
    }
  }
};

/// The usual one, with this library's own serializer.
using MPIPoolExecutor = BasicMPIPoolExecutor<>;

}  // namespace concurrent::futures::inline v0
