// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <unistd.h>

#include <optional>
#include <string>

/// Processes, how they start, and what they share. Python: multiprocessing.
namespace concurrent::multiprocessing::inline v0 {

/// A process of this program: its name and id.
struct ProcessInfo {
  std::string name;  ///< "MainProcess", "ForkProcess-1", …
  pid_t pid = 0;     ///< the system's number
};

namespace detail {

/// What a worker process knows of itself; one for each process.
struct ProcessIdentity {
  std::string name = "MainProcess";
  std::optional<ProcessInfo> parent;
  std::uint64_t pool = 0;  // the pool that this worker belongs to; 0: it is no worker
};

inline ProcessIdentity& process_identity() {
  static ProcessIdentity identity;
  return identity;
}

}  // namespace detail

/// The process that asks: "MainProcess", or in a worker its name ("ForkProcess-1", "SpawnProcess-2").
///
/// Python: `multiprocessing.current_process()`.
inline ProcessInfo current_process() { return {detail::process_identity().name, ::getpid()}; }

/// In a worker: the process that made the executor. Elsewhere: nothing.
///
/// Python: `multiprocessing.parent_process()`.
inline std::optional<ProcessInfo> parent_process() { return detail::process_identity().parent; }

}  // namespace concurrent::multiprocessing::inline v0
