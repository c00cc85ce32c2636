// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/detail/exceptions/exception_registry.hpp>
#include <concurrent/pickle/dumps.hpp>
#include <exception>
#include <string>

#include "support/catch.hpp"

namespace cf = concurrent::futures;
namespace pickle = concurrent::pickle;

namespace {

std::exception_ptr sent(const std::exception_ptr& exception) {
  return pickle::loads<std::exception_ptr>(pickle::dumps(exception));
}

template <class Exception>
void crosses_as_itself() {
  const std::exception_ptr arrived = sent(std::make_exception_ptr(Exception(std::string("text"))));
  CHECK(pickle::exception_type_name(arrived) ==
        pickle::exception_type_name(std::make_exception_ptr(Exception(std::string()))));
  CHECK_THROWS_WITH(std::rethrow_exception(arrived), "text");
}

}  // namespace

TEST_CASE("exceptions: those of this room cross with their type and text") {
  crosses_as_itself<cf::Error>();
  crosses_as_itself<cf::CancelledError>();
  crosses_as_itself<cf::InvalidStateError>();
  crosses_as_itself<cf::TimeoutError>();
  crosses_as_itself<cf::TaskTimeoutError>();
  crosses_as_itself<cf::RuntimeError>();
  crosses_as_itself<cf::BrokenExecutor>();
  crosses_as_itself<cf::BrokenThreadPool>();
  crosses_as_itself<cf::BrokenProcessPool>();
  crosses_as_itself<cf::WorkerDied>();
}

TEST_CASE("exceptions: WorkerDied crosses with what it knows of the worker") {
  const auto arrived = sent(std::make_exception_ptr(
      cf::WorkerDied("gone", 7, "ForkProcess-2", 3, std::nullopt, false, "task", "running", "node3")));
  try {
    std::rethrow_exception(arrived);
  } catch (const cf::WorkerDied& error) {
    CHECK(std::string(error.what()) == "gone");
    CHECK(error.pid() == 7);
    CHECK(error.worker_name() == "ForkProcess-2");
    CHECK(error.exit_status() == 3);
    CHECK_FALSE(error.signal());
    CHECK(error.task() == "task");
    CHECK(error.phase() == "running");
    CHECK(error.host() == "node3");
  }
}
