// SPDX-License-Identifier: BSL-1.0
// What a program has around it, and what its workers have of that: streams, signals, descriptors, stack, files, locale.
#include <dlfcn.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "start_methods/programs.hpp"
#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"
#include "support/sanitizers.hpp"

namespace {

#define EACH_METHOD GENERATE(as<std::string>{}, "fork", "forkserver", "spawn")
#define FRESH_METHOD GENERATE(as<std::string>{}, "forkserver", "spawn")

/// Runs the program by way of a shell, which prepares what stands around "$@".
support::Ran run_in_shell(const std::string& line, const std::string& method, const std::string& what) {
  const std::string program = support::own_folder() + "/programs/surroundings";
  return support::run_program({"/bin/sh", "-c", line, "sh", program, method, what});
}

void expect_right(const support::Ran& ran) {
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  if (ran.status != 0) UNSCOPED_INFO(ran.out.substr(0, 2000));
  CHECK(ran.out.find("wrong:") == std::string::npos);
  CHECK(ran.out.find("right\n") != std::string::npos);
}

void expect_right(const std::string& method, const std::string& what) {
  const support::LeakCheck leaks;
  CAPTURE(method, what);
  expect_right(start_methods::run("surroundings", {method, what}));
}

}  // namespace

TEST_CASE("surroundings: of a program that was started with closed streams, nothing is printed into shared memory") {
  const support::LeakCheck leaks;
  const std::string method = EACH_METHOD;
  const std::string line =
      GENERATE(as<std::string>{}, "exec \"$@\" <&- >&- 2>&-", "exec \"$@\" >&-", "exec \"$@\" <&-");
  CAPTURE(method, line);
  const support::Ran ran = run_in_shell(line, method, "closed_streams");
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
}

TEST_CASE("surroundings: what is written into the helper's channel and is no message ends nothing") {
  expect_right(EACH_METHOD, "stray_messages");
}

TEST_CASE("surroundings: workers ignore what the program ignored, also those that start later, and catch nothing") {
  expect_right(EACH_METHOD, "signals");
}

TEST_CASE("surroundings: without that workers ignore SIGINT alone") { expect_right(EACH_METHOD, "default_signals"); }

TEST_CASE("surroundings: a SIGTERM to the whole group is for the program that handles it, terminate_workers is not") {
  expect_right(EACH_METHOD, "group");
}

TEST_CASE("surroundings: a worker whose tie to the helper a task has undone ends with it all the same") {
  expect_right(EACH_METHOD, "untied");
}

TEST_CASE("surroundings: fresh images have no descriptor of the program's, so that popen and pclose work") {
  expect_right(FRESH_METHOD, "descriptors");
}

TEST_CASE("surroundings: tasks have a stack as large as the main stack, whatever thread made the executor") {
  expect_right(EACH_METHOD, "stack");
}

TEST_CASE("surroundings: standard input is empty in workers, and nothing of it is lost to the program") {
  const support::LeakCheck leaks;
  const std::string method = EACH_METHOD;
  const std::string what = GENERATE(as<std::string>{}, "input", "cin_input");
  CAPTURE(method, what);
  expect_right(run_in_shell("printf 'first\\nsecond\\n' | \"$@\"", method, what));
}

TEST_CASE("surroundings: where the program has no standard input, workers have an empty one") {
  expect_right(run_in_shell("\"$@\" <&-", EACH_METHOD, "no_input"));
}

TEST_CASE("surroundings: what tasks wrote to files is there when their worker has left, and the caller's only once") {
  expect_right(EACH_METHOD, "files");
}

TEST_CASE("surroundings: workers have the locale that the program had when the executor was made") {
  expect_right(EACH_METHOD, "locale");
}

TEST_CASE("surroundings: a program that closes the library's channel is told so") {
  expect_right(EACH_METHOD, "closed_channel");
}

TEST_CASE("surroundings: a thread that the system refuses is named, with its limit") {
  if (!SUPPORT_SANITIZED) expect_right("fork", "refused_thread");
}

TEST_CASE("surroundings: a program that was started by way of the dynamic loader is told what to do") {
  Dl_info info{};
  if (SUPPORT_SANITIZED || ::dladdr(reinterpret_cast<void*>(::getauxval(AT_BASE)), &info) == 0) return;
  const std::string loader = info.dli_fname;
  if (::access(loader.c_str(), X_OK) != 0) return;
  const support::LeakCheck leaks;
  const std::string method = FRESH_METHOD;
  const std::string program = support::own_folder() + "/programs/surroundings";
  const support::Ran ran = support::run_program({loader, program, method, "start"});
  CHECK(ran.status == 1);
  CHECK(ran.out.find("/proc/self/exe, which is the dynamic loader: the program was started by way of that") !=
        std::string::npos);
}

TEST_CASE("executor at namespace scope: it starts at its first use, when all variables are there") {
  const support::LeakCheck leaks;
  const std::string method = EACH_METHOD;
  CAPTURE(method);
  expect_right(start_methods::run("before_main", {method}));
}

TEST_CASE(
    "surroundings: a program that has changed its user, group or capabilities runs no task with those of before") {
  expect_right(EACH_METHOD, "rights");
}
