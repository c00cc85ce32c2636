// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <stdexcept>
#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::pickle::inline v0 {

/// Where an exception that came from a worker was thrown. It is nested (as by `std::throw_with_nested`) in the
/// exception itself, and holds in turn what was nested in that in the worker.
///
/// Python: `concurrent.futures.process._RemoteTraceback`, the `__cause__` of what a task raised.
class RemoteTraceback : public std::runtime_error {
 public:
  explicit RemoteTraceback(const std::string& what) : std::runtime_error(what), message_(what) {}

  /// For executors.
  RemoteTraceback(std::string worker_name, pid_t pid, std::string type_name, std::string message, std::string task)
      : std::runtime_error(text(worker_name, pid, type_name, message, task)),
        worker_name_(std::move(worker_name)),
        type_name_(std::move(type_name)),
        message_(std::move(message)),
        task_(std::move(task)),
        pid_(pid) {}

  /// The worker's name, "ForkProcess-1".
  const std::string& worker_name() const noexcept { return worker_name_; }
  /// The worker's process id.
  pid_t pid() const noexcept { return pid_; }
  /// The type that was really thrown, also where a base of it had to stand in.
  const std::string& type_name() const noexcept { return type_name_; }
  /// What the exception said of itself.
  const std::string& message() const noexcept { return message_; }
  /// The call that threw, "hash_words(std::string)".
  const std::string& task() const noexcept { return task_; }

 private:
  static std::string text(const std::string& worker_name, pid_t pid, const std::string& type_name,
                          const std::string& message, const std::string& task) {
    return "in " + worker_name + " (pid " + std::to_string(pid) + "), " + task + ": " + type_name + ": " + message;
  }

  std::string worker_name_;
  std::string type_name_;
  std::string message_;
  std::string task_;
  pid_t pid_ = 0;
};

/// What a worker threw that is no `std::exception` and was not declared: an `int`, a string, a class of the program.
/// Says the type and, where it is a number or a string, the value.
class RemoteError : public std::runtime_error {
 public:
  explicit RemoteError(const std::string& what) : std::runtime_error(what) {}
};

}  // namespace concurrent::pickle::inline v0
