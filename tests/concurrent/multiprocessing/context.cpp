// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/context.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/expect.hpp"

namespace mp = concurrent::multiprocessing;

TEST_CASE("get_all_start_methods: the three, the default first") {
  CHECK(mp::get_all_start_methods() == std::vector<std::string>{"fork", "forkserver", "spawn"});
}

TEST_CASE("get_context: a context keeps the method it was asked for") {
  for (const std::string& name : mp::get_all_start_methods()) CHECK(mp::get_context(name).get_start_method() == name);
  CHECK(mp::get_context("spawn") == mp::get_context("spawn"));
  CHECK_FALSE(mp::get_context("spawn") == mp::get_context("fork"));
}

TEST_CASE("get_context: a name that is none is refused with the names that there are") {
  for (const char* const name : {"", "Fork", "fork ", "thread"}) {
    const std::string text = support::message_of<std::invalid_argument>([&] { (void)mp::get_context(name); });
    CHECK(support::contains(text, "\"" + std::string(name) + "\""));
    CHECK(support::contains(text, "\"fork\", \"forkserver\" or \"spawn\""));
  }
}

TEST_CASE("set_start_method: it changes what contexts are made from then on, and nothing that was made before") {
  REQUIRE(mp::get_start_method() == "fork");
  const mp::Context before;
  mp::set_start_method("spawn");
  const mp::Context after = mp::get_context();
  mp::set_start_method("fork");
  CHECK(before.get_start_method() == "fork");
  CHECK(after.get_start_method() == "spawn");
  CHECK(mp::get_context().get_start_method() == "fork");
  CHECK_THROWS_AS(mp::set_start_method("threads"), std::invalid_argument);
  CHECK(mp::get_start_method() == "fork");
}

TEST_CASE("worker_name: Python's names") {
  using mp::detail::StartMethod;
  using mp::detail::worker_name;
  CHECK(worker_name(StartMethod::fork, 1) == "ForkProcess-1");
  CHECK(worker_name(StartMethod::forkserver, 12) == "ForkServerProcess-12");
  CHECK(worker_name(StartMethod::spawn, 4294967295) == "SpawnProcess-4294967295");
}
