// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/detail/layout.hpp>
#include <concurrent/multiprocessing/detail/process_end.hpp>
#include <concurrent/multiprocessing/detail/start_method.hpp>
#include <concurrent/multiprocessing/detail/zygote_messages.hpp>
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

/// How a worker has ended, for judging it and for putting it into words.
struct WorkerDeath {
  multiprocessing::detail::ZygoteReport report;
  multiprocessing::detail::StartMethod method{};
  std::uint32_t name = 0;
  multiprocessing::detail::WorkerStatus status = multiprocessing::detail::WorkerStatus::absent;  // as it said last
  std::uint32_t phase = 0;
  bool damaged = false;
  bool out_of_memory = false;
  bool has_call = false;
  bool call_started = false;
  std::string task;  // what it had in hand
  std::string how;   // all of it, in a sentence: text(), once

  std::string worker() const { return multiprocessing::detail::worker_name(method, name); }
  /// "ForkProcess-3 (pid 123)".
  std::string label() const { return worker() + " (pid " + std::to_string(report.pid) + ")"; }
  /// "ForkProcess-3 (pid 123) was killed by SIGSEGV while it ran resize(…)".
  std::string text() const {
    using multiprocessing::detail::WorkerStatus;
    std::string text = label() + " ";
    if (damaged) {
      text += "wrote a result that cannot be and was stopped";
    } else if (report.executed != 0) {
      text += "replaced itself by another program (exec), which was stopped,";
    } else {
      text += describe_status(report.status);
      if (out_of_memory) text += ", out of memory,";
    }
    if (has_call && call_started) return text + while_it(phase, task);
    if (status == WorkerStatus::finishing)
      return text + " while it ran the finalizer, or the destructor of a worker_local";
    if (has_call) return text + " before it began " + task;
    if (status == WorkerStatus::initializing) return text + " while it ran the initializer";
    return text + (status == WorkerStatus::starting ? " while it started" : " while it was idle");
  }
};

}  // namespace detail
}  // namespace concurrent::futures::inline v0
