// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <stdexcept>

namespace concurrent::multiprocessing::inline v0 {

/// Something was used in a way that makes no sense in its state: a lock released by a thread that does not hold it, a
/// wait without the lock, an executor that is shut down. `concurrent::futures::RuntimeError` is the same type.
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
