// SPDX-License-Identifier: BSL-1.0
// One program text under every start method and however it is linked.
#include <sys/personality.h>
#include <sys/stat.h>

#include <concurrent/multiprocessing.hpp>
#include <string>

#include "start_methods/programs.hpp"
#include "support/catch.hpp"
#include "support/leak_check.hpp"

namespace mp = concurrent::multiprocessing;

namespace {

const std::string expected =
    "function 42\ninitializer 42\noverload 5\ntemplate nana\nhidden 8\nlambda 7\nclosure 40\nfunction object 33\n"
    "member function 10\ndata member label\nfunction as argument 15\nfunction as result 18\n"
    "map 3 6 9 12 15 18 21\nexception by its own type\nvalue 2\nparent 1\n";

bool is_there(const std::string& program) {
  struct stat status{};
  return ::stat((support::own_folder() + "/programs/" + program).c_str(), &status) == 0;
}

}  // namespace

TEST_CASE("start methods: the same program text does the same under each, movable, fixed and static") {
  const support::LeakCheck leaks;
  const std::string program =
      GENERATE(as<std::string>{}, "same_text", "same_text_fixed", "same_text_static", "same_text_static_pie");
  const std::string method = GENERATE(as<std::string>{}, "fork", "forkserver", "spawn");
  CAPTURE(program, method);
  if (program.find("static") != std::string::npos && !is_there(program)) return;  // not under sanitizers
  REQUIRE(is_there(program));
  const support::Ran ran = start_methods::run(program, {method});
  CHECK(ran.in_time);
  CHECK(ran.status == 0);
  CHECK(ran.out == expected);
  CHECK(ran.error == "");
}

TEST_CASE("start methods: a program that lies at another address in each process names its functions all the same") {
  if ((::personality(0xFFFFFFFF) & ADDR_NO_RANDOMIZE) != 0) return;  // nothing is moved here
  // Sixteen starts: were addresses taken as they are, one of them would have to be lucky sixteen times.
  for (int i = 0; i < 8; ++i) {
    for (const char* const method : {"forkserver", "spawn"})
      CHECK(start_methods::run("same_text", {method}).out == expected);
  }
}
