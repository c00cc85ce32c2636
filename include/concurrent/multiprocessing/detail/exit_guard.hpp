// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/profile.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/os/exit.hpp>
#include <concurrent/pickle/detail/module.hpp>

#include <unistd.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// Whether this process, or the one that it was forked from, has called guard_exit.
inline constinit bool exit_is_guarded = false;

/// A task that calls exit() must not run what the caller has registered for its own exit: a handler of ours, the last
/// to be registered and so the first to run, ends a worker. Elsewhere it does nothing.
///
/// The caller registers it, just before it forks. A worker could not: the C library guards its list of handlers by a
/// lock, which another thread of the caller may have held at the moment of the fork.
inline void guard_exit() noexcept {
  process_identity();  // made before, and so destroyed after
  void (*const handler)(int, void*) = [](int status, void*) {
    if (process_identity().pool == 0) return;  // no worker
    flush_files();
    write_profile();
    ::_exit(status);
  };
  if (!exit_is_guarded) pickle::detail::keep_loaded(reinterpret_cast<const void*>(handler));  // unlike std::atexit's
  exit_is_guarded = true;
  os::at_exit(handler);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
