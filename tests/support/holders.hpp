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

/// From now on that signal interrupts system calls of this process, and does nothing else.
inline void let_it_interrupt(int signal) {
  struct sigaction action{};
  action.sa_handler = [](int) {};  // and no SA_RESTART
  ::sigaction(signal, &action, nullptr);
}

/// Signals a child until it has ended, by SIGUSR1 and by what `more` does. Returns its status; -1: it does not end.
template <class More>
int status_amid_signals(pid_t child, More more) {
  int status = -1;
  const bool ended = eventually([&] {
    ::kill(child, SIGUSR1);
    more();
    return ::waitpid(child, &status, WNOHANG) == child;
  });
  return ended ? status : -1;
}
inline int status_amid_signals(pid_t child) {
  return status_amid_signals(child, [] {});
}

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
