// SPDX-License-Identifier: BSL-1.0
// What the tests of this folder have in common: the programs beside them, and the processes below.
#pragma once

#include <concurrent/multiprocessing/context.hpp>

#include <string>
#include <vector>

#include "support/run_program.hpp"

namespace start_methods {

inline support::Ran run(const std::string& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), support::own_folder() + "/programs/" + program);
  return support::run_program(std::move(arguments));
}

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++times;
  return times;
}

/// As `ps` shows it.
inline std::string title_of(pid_t process) {
  std::string title = support::read_text("/proc/" + std::to_string(process) + "/comm");
  if (!title.empty()) title.pop_back();
  return title;
}

}  // namespace start_methods
