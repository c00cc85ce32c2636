// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

namespace concurrent::futures::inline v0 {

/// What happens to a task that is running when it is asked to stop.
enum class OnStop {
  request,   ///< its StopToken says so, and it does what it likes
  terminate  ///< its worker is ended, as by Future::terminate
};

/// How one call is to be run; as `MapOptions::task`, each call of a map.
///
/// A thread of this process can be neither stopped nor lost: a ThreadPoolExecutor refuses `timeout` and
/// OnStop::terminate with std::invalid_argument, `retries` changes nothing there, and `label` is the call's name in
/// traces.
///
/// A call that is in the call queue of a ProcessPoolExecutor already is not overtaken: before an urgent one at most
/// `max_workers + extra_queued_calls` others start.
struct TaskOptions {
  std::optional<std::chrono::nanoseconds> timeout{};  ///< from when the task starts to run; then its worker is killed
  int retries = 0;                                    ///< run again that many times if its worker dies
  std::string label{};                                ///< what messages call the task
  int priority = 0;              ///< a call of a greater one starts first, equal ones in the order of submission
#ifdef __cpp_lib_jthread         // not in LLVM's standard library before 20
  std::stop_token stop_token{};  ///< a request there is `Future::request_stop`
#endif
  OnStop on_stop = OnStop::request;  ///< what a request to stop does to a task that is running
};

namespace detail {

inline void check_task(const TaskOptions& options) {
  if (options.retries < 0 || options.retries > 65535) {
    throw std::invalid_argument("concurrent::futures: retries is " + std::to_string(options.retries) +
                                ". It must be from 0 to 65535.");
  }
  if (options.timeout && options.timeout->count() <= 0) {
    throw std::invalid_argument("concurrent::futures: timeout is " + std::to_string(options.timeout->count()) +
                                " ns. It must be greater than 0; leave it out for no limit.");
  }
}

/// The same where threads run the calls.
inline void check_task_for_threads(const TaskOptions& options) {
  check_task(options);
  if (options.timeout) {
    throw std::invalid_argument(
        "concurrent::futures: a timeout in TaskOptions is nothing that a ThreadPoolExecutor can keep: a thread cannot "
        "be "
        "stopped. Use a ProcessPoolExecutor, or give result(timeout) the limit and go on without the task.");
  }
  if (options.on_stop == OnStop::terminate) {
    throw std::invalid_argument(
        "concurrent::futures: OnStop::terminate in TaskOptions is nothing that a ThreadPoolExecutor can do: a thread "
        "cannot be ended. Use a ProcessPoolExecutor, or OnStop::request and a task that looks at its StopToken.");
  }
}

/// Whether its std::stop_token has been asked to stop already.
inline bool is_stopped([[maybe_unused]] const TaskOptions& options) noexcept {
#ifdef __cpp_lib_jthread
  return options.stop_token.stop_requested();
#else
  return false;
#endif
}

/// Whether there is nothing in them that submit would have to be told.
inline bool is_default(const TaskOptions& options) noexcept {
#ifdef __cpp_lib_jthread
  if (options.stop_token.stop_possible()) return false;
#endif
  return !options.timeout && options.retries == 0 && options.label.empty() && options.priority == 0 &&
         options.on_stop == OnStop::request;
}

}  // namespace detail
}  // namespace concurrent::futures::inline v0
