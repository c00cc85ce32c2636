// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/fork_guard.hpp>

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/processes.hpp"

using concurrent::multiprocessing::detail::ForkGuard;

TEST_CASE("ForkGuard: it knows its own process, and a fork of it") {
  const ForkGuard mark;
  CHECK(mark.is_owner());
  CHECK(mark.pid() == ::getpid());
  const pid_t parent = ::getpid();
  const pid_t child = support::fork_child([&] {
    if (mark.is_owner()) return 1;
    if (mark.pid() != parent) return 2;
    const ForkGuard own;
    return own.is_owner() ? 0 : 3;
  });
  CHECK(support::wait_status(child) == 0);
  CHECK(mark.is_owner());
}

TEST_CASE("ForkGuard: also a fork that goes round the C library is told apart") {
  const ForkGuard mark;
  const pid_t child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (child == 0) ::syscall(SYS_exit_group, mark.is_owner() ? 1 : 0);
  CHECK(support::wait_status(child) == 0);
}

TEST_CASE("ForkGuard: a grandchild is not the process either") {
  const ForkGuard mark;
  const pid_t child = support::fork_child(
      [&] { return support::wait_status(support::fork_child([&] { return mark.is_owner() ? 1 : 0; })); });
  CHECK(support::wait_status(child) == 0);
}
