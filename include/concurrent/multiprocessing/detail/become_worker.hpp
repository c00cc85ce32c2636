// SPDX-License-Identifier: BSL-1.0
// What a process does between its start by the zygote and its first call: it ties itself to the zygote, and becomes a
// worker, or first a standby that waits to become one.
#pragma once

#include <concurrent/multiprocessing/detail/fault_point.hpp>
#include <concurrent/multiprocessing/detail/os.hpp>
#include <concurrent/multiprocessing/detail/profile.hpp>
#include <concurrent/multiprocessing/detail/signals.hpp>
#include <concurrent/multiprocessing/detail/streams.hpp>
#include <concurrent/multiprocessing/detail/worker.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>
#include <concurrent/multiprocessing/detail/zygote_setup.hpp>
#include <concurrent/multiprocessing/process.hpp>
#include <concurrent/os/own_stack.hpp>
#include <concurrent/os/process.hpp>

#include <cstdint>

#include <unistd.h>

namespace concurrent::multiprocessing::inline v0 {
namespace detail {

/// In a fresh process, whichever way it came: it ends with `zygote`. The kernel forgets the first tie when the process
/// changes its user; the second is the pipe, whose reader is the zygote: when that is gone the writer is told, by
/// SIGKILL.
inline void tie_to_zygote(pid_t zygote, int pipe) noexcept {
  os::end_with_parent();
  if (pipe >= 0) os::end_with_reader(pipe);
  if (::getppid() != zygote) ::_exit(0);  // it died before it could be told
}

/// Becomes the worker that is asked for.
[[noreturn]] inline void become_worker(ZygoteSetup& setup, const ZygoteRequest& request) noexcept {
  set_dispositions(setup.surroundings.ignored);
  block_only(0);
  drop_inherited_output();
  empty_input();
  begin_profile();
  ProcessIdentity& identity = process_identity();
  identity.name = worker_name(setup.method, request.name);
  identity.parent = setup.caller;
  identity.pool = setup.pool;
  os::set_process_title(identity.name.c_str());
  setup.segment->close_descriptor();
  CONCURRENT_FUTURES_FAULT_POINT("worker.started_process");
  struct Slot {
    ZygoteSetup& setup;
    std::uint32_t index;
  } slot{setup, request.worker};
  const auto work = [](void* argument) {
    const Slot& here = *static_cast<const Slot*>(argument);
    Worker(*here.setup.segment, here.index).run(here.setup.initializer);
  };
  if (setup.surroundings.stack != 0) os::run_on_own_stack(setup.surroundings.stack, work, &slot);
  work(&slot);
  ::_exit(1);  // not reached
}

/// Waits for a slot, then becomes the worker there.
[[noreturn]] inline void become_standby(ZygoteSetup& setup, Descriptor orders) noexcept {
  os::set_process_title("standby");
  set_dispositions(all_signals);  // not blocked: one that is sent to the whole group now must not hit the worker later
  block_only(0);
  CONCURRENT_FUTURES_FAULT_POINT("standby.waits");
  ZygoteRequest request;
  if (take_message(orders.get(), request, 0) != Taken::message) ::_exit(0);
  orders.reset();
  CONCURRENT_FUTURES_FAULT_POINT("standby.has_place");
  become_worker(setup, request);
}

}  // namespace detail
}  // namespace concurrent::multiprocessing::inline v0
