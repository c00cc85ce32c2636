// SPDX-License-Identifier: BSL-1.0
// A program that forgets freeze_support is told so, and never starts itself without end.
#include <cstdlib>
#include <string>
#include <vector>

#include "start_methods/programs.hpp"
#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"

using start_methods::count;
using support::contains;

namespace {

support::Ran run_with(const std::string& method, const std::vector<std::string>& arguments) {
  ::setenv("START_METHOD", method.c_str(), 1);
  support::Ran ran = start_methods::run("no_freeze_support", arguments);
  ::unsetenv("START_METHOD");
  return ran;
}

}  // namespace

TEST_CASE(
    "freeze_support: without it forkserver and spawn throw RuntimeError with the line to add, and start nothing") {
  const support::LeakCheck leaks;
  const std::string method = GENERATE(as<std::string>{}, "forkserver", "spawn");
  const support::Ran ran = run_with(method, {});
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK(contains(ran.out, "RuntimeError concurrent::futures: the start method \"" + method + "\""));
  CHECK(contains(ran.out, "first line of main"));
  CHECK(contains(ran.out, "concurrent::multiprocessing::freeze_support(argc, argv);"));
  CHECK(count(ran.out, "main\n") == 1);
  CHECK(count(ran.out, "result") == 0);
}

TEST_CASE("freeze_support: fork does without it") {
  const support::LeakCheck leaks;
  const support::Ran ran = run_with("fork", {});
  CHECK(ran.status == 0);
  CHECK(ran.out == "main\nresult 42\n");
}

TEST_CASE(
    "freeze_support: called too late it works from then on, and no process of the pool runs on into the program") {
  const support::LeakCheck leaks;
  const std::string method = GENERATE(as<std::string>{}, "forkserver", "spawn");
  const support::Ran ran = run_with(method, {"later"});
  CHECK(ran.in_time);
  CHECK(contains(ran.out, "RuntimeError"));
  CHECK(count(ran.out, "later 43\n") == 1);
  // The zygote is the program once more, and this program says "main" before it asks what it is: but for it and its
  // worker nobody may come that far, and nobody further.
  CHECK(count(ran.out, "main\n") <= 3);
}
