// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/multiprocessing/errors.hpp>
#include <concurrent/pickle/errors.hpp>
#include <concurrent/pickle/remote_traceback.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <sys/types.h>

namespace concurrent::futures::inline v0 {

using multiprocessing::RuntimeError;
using pickle::PicklingError;
using pickle::RemoteError;
using pickle::RemoteTraceback;
using pickle::UnpicklingError;

/// The base of what futures themselves throw.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The future was cancelled, so it has no result. A task that was asked to stop throws it to be cancelled.
class CancelledError : public Error {
 public:
  using Error::Error;
  CancelledError() : Error("The call was cancelled.") {}
};

/// The operation makes no sense in the future's state.
class InvalidStateError : public Error {
  using Error::Error;
};

/// The time given to a call that blocks has passed.
class TimeoutError : public Error {
  using Error::Error;
};

/// A task ran longer than its `TaskOptions::timeout` and was stopped.
class TaskTimeoutError : public TimeoutError {
  using TimeoutError::TimeoutError;
};

/// The executor can run nothing any more.
class BrokenExecutor : public RuntimeError {
  using RuntimeError::RuntimeError;
};

/// A thread pool whose initializer threw.
class BrokenThreadPool : public BrokenExecutor {
  using BrokenExecutor::BrokenExecutor;
};

/// `submit` in a callback, or in a thread of the executor's own, when `max_pending` calls wait already: there it cannot
/// wait for room, which may be made by that very thread alone.
class QueueFull : public RuntimeError {
  using RuntimeError::RuntimeError;
};

/// A process pool that lost a worker.
class BrokenProcessPool : public BrokenExecutor {
  using BrokenExecutor::BrokenExecutor;
};

/// The worker that ran this task ended before the task did.
class WorkerDied : public BrokenProcessPool {
 public:
  using BrokenProcessPool::BrokenProcessPool;
  /// For executors: with how the worker ended.
  WorkerDied(const std::string& what, pid_t pid, std::string worker_name, std::optional<int> exit_status,
             std::optional<int> signal, bool core_dumped = false, std::string task = {}, std::string phase = {},
             std::string host = {})
      : BrokenProcessPool(what),
        worker_name_(std::move(worker_name)),
        task_(std::move(task)),
        phase_(std::move(phase)),
        host_(std::move(host)),
        pid_(pid),
        exit_status_(exit_status),
        signal_(signal),
        core_dumped_(core_dumped) {}

  /// The process id of the worker; 0: not known.
  pid_t pid() const noexcept { return pid_; }
  /// As the worker's own current_process().name, for example "ForkProcess-2".
  const std::string& worker_name() const noexcept { return worker_name_; }
  /// None: it did not exit, or how it ended is not known.
  std::optional<int> exit_status() const noexcept { return exit_status_; }
  /// The signal that ended it, if one did.
  std::optional<int> signal() const noexcept { return signal_; }
  /// It left a core file.
  bool core_dumped() const noexcept { return core_dumped_; }
  /// What it was running, by its label or its function's name.
  const std::string& task() const noexcept { return task_; }
  /// How far it had come: "unpickling its arguments", "running" or "pickling its result".
  const std::string& phase() const noexcept { return phase_; }
  /// The machine that it ran on, where an executor has workers on several; empty where all are on this one.
  const std::string& host() const noexcept { return host_; }

 private:
  std::string worker_name_;
  std::string task_;
  std::string phase_;
  std::string host_;
  pid_t pid_ = 0;
  std::optional<int> exit_status_;
  std::optional<int> signal_;
  bool core_dumped_ = false;
};

}  // namespace concurrent::futures::inline v0
