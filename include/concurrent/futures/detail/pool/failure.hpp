// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/futures/exceptions.hpp>

#include <concurrent/version.hpp>

#include <exception>
#include <utility>

namespace concurrent::futures::inline v0::detail {

/// Of a call that no worker has taken, in a pool that hands such calls back: the system has refused the only worker.
class NoWorkerStarted : public BrokenProcessPool {
  using BrokenProcessPool::BrokenProcessPool;
};

/// The exception that a future fails with: an `Exception` of these arguments, or, where there is no memory even for
/// that, the std::bad_alloc. A future never hangs for want of its text.
template <class Exception, class... Args>
std::exception_ptr failure(Args&&... args) noexcept {
  try {
    return std::make_exception_ptr(Exception(std::forward<Args>(args)...));
  } catch (...) {
    return std::current_exception();
  }
}

/// Whether a task that was asked to stop has said that it did: by the exception that `load()` gives.
template <class Load>
bool is_cancellation(Load load) noexcept {
  try {
    std::rethrow_exception(load());
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace concurrent::futures::inline v0::detail
