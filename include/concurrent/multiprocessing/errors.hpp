// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <stdexcept>

namespace concurrent::multiprocessing::inline v0 {

/// What was asked makes no sense now: work for an executor that is shut down, a call that would wait for itself, a lock
/// released by a thread that does not hold it. `concurrent::futures::RuntimeError` is this type.
///
/// Python: `RuntimeError`.
class RuntimeError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The barrier was broken while the caller waited, or before: by a reset, an abort, a timeout, or the death of one who
/// waited.
///
/// Python: `threading.BrokenBarrierError`.
class BrokenBarrierError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The queue was closed, and what was in it has been taken.
///
/// Python: `queue.ShutDown`.
class Closed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace concurrent::multiprocessing::inline v0
