// SPDX-License-Identifier: BSL-1.0
// How the caller may end, and what its workers must not do on its behalf. Rows 53, 54, 75, 76 of the faults.
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "start_methods/programs.hpp"
#include "support/catch.hpp"
#include "support/expect.hpp"
#include "support/leak_check.hpp"

using namespace std::chrono_literals;
using start_methods::count;

namespace {

std::vector<pid_t> processes_in(const std::string& line) {
  std::vector<pid_t> found;
  std::istringstream words(line.substr(0, line.find('\n')));
  for (pid_t process = 0; words >> process;) found.push_back(process);
  return found;
}

#define EACH_METHOD GENERATE(as<std::string>{}, "fork", "forkserver", "spawn")

}  // namespace

TEST_CASE("fault 53: a caller that ends with tasks running takes its workers with it, however it ends") {
  const support::LeakCheck leaks;
  const std::string method = EACH_METHOD;
  const auto [how, status] = GENERATE(table<std::string, int>(
      {{"_exit", 4}, {"quick_exit", 5}, {"abort", 128 + SIGABRT}, {"kill", 128 + SIGKILL}, {"throw", 128 + SIGABRT}}));
  CAPTURE(method, how);
  const support::Ran ran = start_methods::run("ends", {method, how});
  CHECK(ran.in_time);
  CHECK(ran.status == status);
  const auto processes = processes_in(ran.out);
  CHECK(processes.size() >= 3);
  CHECK(support::eventually([&, &all = processes] { return support::count_alive(all) == 0; }, 1s));
}

TEST_CASE("fault 53: a caller that calls exit with tasks waiting lets them finish first, as in Python") {
  const support::LeakCheck leaks;
  const support::Ran ran = start_methods::run("ends", {EACH_METHOD, "exit_short"});
  CHECK(ran.in_time);
  CHECK(ran.status == 3);
  for (int i = 0; i < 20; ++i) CHECK(count(ran.out, "task " + std::to_string(i) + "\n") == 1);
  CHECK(ran.error == "");
}

TEST_CASE("fault 54: a caller that becomes another program leaves no worker behind") {
  const support::LeakCheck leaks;
  const support::Ran ran = start_methods::run("ends", {EACH_METHOD, "exec"});
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK(processes_in(ran.out).size() >= 3);
  CHECK(count(ran.out, "gone\n") == 1);
}

TEST_CASE("fault 75, fault 76: handlers, destructors and buffers of the caller are its own, however workers end") {
  const support::LeakCheck leaks;
  const std::string method = EACH_METHOD;
  const std::string how = GENERATE(as<std::string>{}, "ends", "replaced", "exits");
  CAPTURE(method, how);
  const support::Ran ran = start_methods::run("exit_handlers", {method, how});
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  for (const char* const part :
       {"atexit\n", "on_exit\n", "static destroyed\n", "background joined\n", "printed ", "streamed ", "file 6\n"}) {
    CAPTURE(part, ran.out);
    CHECK(count(ran.out, part) == 1);
  }
  CHECK(count(ran.out, "thread_local destroyed\n") == (how == "exits" ? 0 : 1));
  CHECK(count(ran.out, "static of the task destroyed") == 0);
  CHECK(count(ran.out, "another status") == 0);
}
