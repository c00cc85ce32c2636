// SPDX-License-Identifier: BSL-1.0
// The nodes are the ranks that mpirun has started: this one runs the tests, the others become agents in main. Of two,
// the other has all the workers, so that every call goes over MPI; of three, all have some.
#include <concurrent/futures/mpi.hpp>

#include <cstdlib>

#include "support/executors.hpp"

const support::NodeSource& support::node_source() {
  static const NodeSource source = [] {
    ::setenv("CONCURRENT_FUTURES_RANKS_AS_NODES", "1", 1);
    NodeSource made{.places = &cf::detail::mpi_places, .is_mpi = true};
    made.ranks = static_cast<int>(cf::detail::mpi_places({}).size());
    made.caller_node = made.ranks != 2;
    return made;
  }();
  return source;
}
