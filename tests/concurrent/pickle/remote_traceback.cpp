// SPDX-License-Identifier: BSL-1.0
#include "round_trip.hpp"

#include <stdexcept>
#include <type_traits>

TEST_CASE("RemoteTraceback: says who threw what, where") {
  const pickle::RemoteTraceback traceback("ForkProcess-1", 42, "app::Failure", "too bad", "work(int)");
  CHECK(traceback.worker_name() == "ForkProcess-1");
  CHECK(traceback.pid() == 42);
  CHECK(traceback.type_name() == "app::Failure");
  CHECK(traceback.message() == "too bad");
  CHECK(traceback.task() == "work(int)");
  CHECK(traceback.what() == std::string("in ForkProcess-1 (pid 42), work(int): app::Failure: too bad"));
}

TEST_CASE("RemoteTraceback: can be made from a text, as RemoteError can") {
  CHECK(pickle::RemoteTraceback("text").what() == std::string("text"));
  CHECK(pickle::RemoteTraceback("text").message() == "text");
  CHECK(pickle::RemoteError(std::string("text")).what() == std::string("text"));
  STATIC_REQUIRE(std::is_base_of_v<std::runtime_error, pickle::RemoteTraceback>);
  STATIC_REQUIRE(std::is_base_of_v<std::runtime_error, pickle::RemoteError>);
}
