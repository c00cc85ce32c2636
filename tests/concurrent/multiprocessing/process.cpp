// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/process.hpp>

#include <unistd.h>

#include "support/catch.hpp"
#include "support/processes.hpp"

namespace mp = concurrent::multiprocessing;

TEST_CASE("current_process: the program's first process is MainProcess and has no parent") {
  CHECK(mp::current_process().name == "MainProcess");
  CHECK(mp::current_process().pid == ::getpid());
  CHECK_FALSE(mp::parent_process().has_value());
}

TEST_CASE("current_process: a child that the program forks by itself sees its own pid") {
  const pid_t child = support::fork_child([] { return mp::current_process().pid == ::getpid() ? 0 : 1; });
  CHECK(support::wait_status(child) == 0);
}
