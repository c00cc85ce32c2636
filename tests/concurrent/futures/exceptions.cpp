// SPDX-License-Identifier: BSL-1.0
#include <concurrent/futures/exceptions.hpp>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

namespace cf = concurrent::futures;

namespace {

template <class Derived, class Base>
constexpr bool is_a = std::is_base_of_v<Base, Derived> && std::is_constructible_v<Derived, std::string>;

}  // namespace

TEST_CASE("exceptions: the tree is the documented one, and each can be made from a string") {
  STATIC_REQUIRE(is_a<cf::Error, std::runtime_error>);
  STATIC_REQUIRE(is_a<cf::CancelledError, cf::Error>);
  STATIC_REQUIRE(is_a<cf::InvalidStateError, cf::Error>);
  STATIC_REQUIRE(is_a<cf::TimeoutError, cf::Error>);
  STATIC_REQUIRE(is_a<cf::TaskTimeoutError, cf::TimeoutError>);
  STATIC_REQUIRE(is_a<cf::RuntimeError, std::runtime_error>);
  STATIC_REQUIRE(!is_a<cf::RuntimeError, cf::Error>);
  STATIC_REQUIRE(is_a<cf::BrokenExecutor, cf::RuntimeError>);
  STATIC_REQUIRE(is_a<cf::BrokenThreadPool, cf::BrokenExecutor>);
  STATIC_REQUIRE(is_a<cf::BrokenProcessPool, cf::BrokenExecutor>);
  STATIC_REQUIRE(is_a<cf::WorkerDied, cf::BrokenProcessPool>);
  STATIC_REQUIRE(is_a<cf::PicklingError, std::runtime_error>);
  STATIC_REQUIRE(is_a<cf::UnpicklingError, std::runtime_error>);
  STATIC_REQUIRE(is_a<cf::RemoteTraceback, std::runtime_error>);
  STATIC_REQUIRE(is_a<cf::RemoteError, std::runtime_error>);
  CHECK(std::string(cf::CancelledError(std::string("why")).what()) == "why");
}

TEST_CASE("WorkerDied: says which worker ended and how") {
  const cf::WorkerDied killed("gone", 42, "ForkProcess-1", std::nullopt, 9);
  CHECK(std::string(killed.what()) == "gone");
  CHECK(killed.pid() == 42);
  CHECK(killed.worker_name() == "ForkProcess-1");
  CHECK_FALSE(killed.exit_status());
  CHECK(killed.signal() == 9);
  CHECK(killed.host().empty());

  const cf::WorkerDied by_hand("only a text");
  CHECK(by_hand.pid() == 0);
  CHECK(by_hand.worker_name().empty());
  CHECK_FALSE(by_hand.exit_status());
  CHECK_FALSE(by_hand.signal());
}
