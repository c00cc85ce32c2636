// SPDX-License-Identifier: BSL-1.0
// For tests of locks and what is built like them.
#pragma once

#include <concurrent/multiprocessing/detail/holder_table.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <atomic>

#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/processes.hpp"
#include "support/shared.hpp"

namespace support {

/// As LeakChecked; the table of holders is made before, which the process keeps.
struct WithHolders {
  WithHolders() { static_cast<void>(concurrent::multiprocessing::detail::HolderTable::mine()); }
};
class HoldersChecked : private WithHolders, public LeakChecked {};

/// Kills the child and reaps it.
inline void kill_and_reap(pid_t child) {
  ::kill(child, SIGKILL);
  CHECK(WIFSIGNALED(wait_status(child)));
}

/// A child that runs `body`, says so by the word, and then sleeps until it is killed.
template <class Body>
pid_t child_that_stays(Body body) {
  const Counter ready = Counter::make();
  const pid_t child = fork_child([&] {
    body();
    ready.add();
    for (;;) ::pause();
    return 0;
  });
  ready.wait_until(1);
  return child;
}

}  // namespace support
