// SPDX-License-Identifier: BSL-1.0
#include <concurrent/multiprocessing/detail/fresh_image.hpp>
#include <concurrent/multiprocessing/freeze_support.hpp>
#include <concurrent/multiprocessing/process.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace mp = concurrent::multiprocessing;

namespace {

void call_with(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  mp::freeze_support(static_cast<int>(words.size()), arguments.data());
}

bool ran = false;
void run(int, char**) { ran = true; }

}  // namespace

TEST_CASE("freeze_support: in a process that no executor started it returns at once, whatever the arguments") {
  const std::string program = mp::detail::freeze_support_state().program;
  REQUIRE(mp::detail::freeze_support_state().called);  // by this program's main
  mp::freeze_support(0, nullptr);
  call_with({"program"});
  call_with({"program", "a", "b", "c", "d"});
  call_with({"program", mp::detail::image_marker});
  call_with({"program", mp::detail::image_marker, "1", "MainProcess"});
  call_with({"program", mp::detail::image_marker, "not,numbers", "MainProcess", "SpawnProcess-1"});
  CHECK(mp::detail::freeze_support_state().program == "program");
  CHECK(mp::current_process().name == "MainProcess");
  mp::detail::freeze_support_state().program = program;
}

TEST_CASE("freeze_support: the command line alone does not say which code runs") {
  const std::string program = mp::detail::freeze_support_state().program;
  call_with({"program", mp::detail::image_marker, mp::detail::image_entry_text(&run), "1", "2", "3", "4", "5"});
  CHECK_FALSE(ran);
  mp::detail::freeze_support_state().program = program;
}

TEST_CASE("freeze_support: every copy of the library can see that one was called") {
  CHECK(mp::detail::FreezeSupportMark::is_set());  // by this program's main
  CHECK(mp::detail::freeze_support_was_called());
}
