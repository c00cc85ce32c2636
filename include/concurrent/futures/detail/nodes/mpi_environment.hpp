// SPDX-License-Identifier: BSL-1.0
// What a launcher says by way of the environment, and what has to be undone of it. Needs no MPI.
#pragma once

#include <concurrent/futures/exceptions.hpp>
#include <concurrent/multiprocessing/cpu_count.hpp>
#include <concurrent/os/processors.hpp>
#include <concurrent/os/small_file.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

extern char** environ;

namespace concurrent::futures::inline v0 {
namespace detail {

inline std::optional<int> number_in_environment(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::atoi(text);
}

/// This process's rank, if a launcher of MPI programs has started it.
inline std::optional<int> launched_rank() {
  for (const char* const name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (const auto rank = number_in_environment(name)) return rank;
  }
  return std::nullopt;
}

/// Throws RuntimeError where a launcher has started many copies of this program that know nothing of each other.
inline void refuse_lone_copies() {
  const int copies = number_in_environment("SLURM_STEP_NUM_TASKS").value_or(1);
  if (copies < 2 || launched_rank()) return;
  throw RuntimeError("concurrent::futures: srun has started " + std::to_string(copies) +
                     " copies of this program that know nothing of each other. Start it with\n    srun --mpi=pmix …\n"
                     "(`srun --mpi=list` says what there is), or with mpirun.");
}

/// In the calling thread, whose processors workers inherit: a launcher's binding to one core was meant for a program
/// that computes by itself.
inline void undo_binding() noexcept {
  if (std::getenv("OMPI_MCA_orte_bound_at_launch") == nullptr &&
      std::getenv("PRTE_MCA_prte_bound_at_launch") == nullptr)
    return;
  os::allow_all_processors();
}

/// In a worker, and in the helper that it is forked from: tasks may start MPI programs of their own, and are no rank.
inline void forget_launcher() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    for (const char* const prefix : {"OMPI_", "PMIX_", "PMI_", "PRTE_", "HYDI_", "MPIR_CVAR_"}) {
      if (std::strncmp(*entry, prefix, std::strlen(prefix)) != 0) continue;
      names.emplace_back(*entry, std::strcspn(*entry, "="));
    }
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

inline std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

/// The same for all processes of one machine and for no other one's: names are given twice, and machines have several.
inline std::string machine_name() {
  const std::string id = os::id_of_this_start();
  return id.empty() ? host_name() : host_name() + " " + id;
}

/// To try out on one machine what happens on several.
inline bool each_rank_is_a_node() {
  return number_in_environment("CONCURRENT_FUTURES_RANKS_AS_NODES").value_or(0) != 0;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
