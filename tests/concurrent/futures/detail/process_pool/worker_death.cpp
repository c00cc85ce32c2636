// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/process_pool/worker_death.hpp>
#include <csignal>
#include <string>

#include "support/catch.hpp"

using concurrent::futures::detail::WorkerDeath;
using concurrent::multiprocessing::detail::StartMethod;
using concurrent::multiprocessing::detail::WorkerStatus;
using concurrent::pickle::Phase;

namespace {

WorkerDeath death(WorkerStatus status, int wait_status = SIGSEGV) {
  WorkerDeath death;
  death.report = {};
  death.report.pid = 123;
  death.report.status = wait_status;
  death.method = StartMethod::fork;
  death.name = 3;
  death.status = status;
  death.task = "resize(image)";
  return death;
}

}  // namespace

TEST_CASE("WorkerDeath: its sentence says who ended, how, and at what") {
  WorkerDeath one = death(WorkerStatus::busy);
  const std::string who = "ForkProcess-3 (pid 123) was killed by SIGSEGV";
  CHECK(one.text() == who + " while it was idle");
  one.has_call = true;
  CHECK(one.text() == who + " before it began resize(image)");
  one.call_started = true;
  CHECK(one.text() == who + " while it ran resize(image)");
  one.phase = static_cast<std::uint32_t>(Phase::unpickling_arguments);
  CHECK(one.text() == who + " while it unpickled the arguments of resize(image)");
  one.phase = static_cast<std::uint32_t>(Phase::pickling_result);
  CHECK(one.text() == who + " while it pickled the result of resize(image)");
  one.out_of_memory = true;
  CHECK(one.text() == who + ", out of memory, while it pickled the result of resize(image)");
  one.damaged = true;  // which says more than its signal, that of the pool
  CHECK(one.text() ==
        "ForkProcess-3 (pid 123) wrote a result that cannot be and was stopped while it pickled the result of "
        "resize(image)");

  CHECK(death(WorkerStatus::starting).text() == who + " while it started");
  CHECK(death(WorkerStatus::initializing).text() == who + " while it ran the initializer");
  CHECK(death(WorkerStatus::finishing).text() ==
        who + " while it ran the finalizer, or the destructor of a worker_local");
  CHECK(death(WorkerStatus::asleep).text() == who + " while it was idle");
  WorkerDeath other = death(WorkerStatus::asleep);
  other.report.executed = 1;
  CHECK(other.text() ==
        "ForkProcess-3 (pid 123) replaced itself by another program (exec), which was stopped, while it was idle");
}
