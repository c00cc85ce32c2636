// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/process_end.hpp>
#include <concurrent/pickle/call.hpp>

#include <sys/wait.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace concurrent::futures::inline v0 {
namespace detail {

using multiprocessing::detail::describe_status;
using multiprocessing::detail::signal_name;

/// How far a worker had come with its call, from the phase that it notes in its entry.
inline std::string_view phase_text(std::uint32_t phase) noexcept {
  switch (static_cast<pickle::Phase>(phase)) {
    case pickle::Phase::unpickling_arguments:
      return "unpickling its arguments";
    case pickle::Phase::pickling_result:
      return "pickling its result";
    default:
      return "running";
  }
}
inline std::string while_it(std::uint32_t phase, const std::string& task) {
  switch (static_cast<pickle::Phase>(phase)) {
    case pickle::Phase::unpickling_arguments:
      return " while it unpickled the arguments of " + task;
    case pickle::Phase::pickling_result:
      return " while it pickled the result of " + task;
    default:
      return " while it ran " + task;
  }
}

inline std::optional<int> exit_status_of(int status) noexcept {
  return WIFEXITED(status) ? std::optional<int>(WEXITSTATUS(status)) : std::nullopt;
}
inline std::optional<int> signal_of(int status) noexcept {
  return WIFSIGNALED(status) ? std::optional<int>(WTERMSIG(status)) : std::nullopt;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
