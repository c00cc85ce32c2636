// SPDX-License-Identifier: BSL-1.0
// H4: a future in each of its states, as CPython's tests build them.
#pragma once

#include <cerrno>
#include <concurrent/futures.hpp>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace conformance {

namespace cf = concurrent::futures;

inline cf::Future<int> pending_future() { return cf::Future<int>(); }

inline cf::Future<int> running_future() {
  cf::Future<int> future;
  future.set_running_or_notify_cancel();
  return future;
}

inline cf::Future<int> cancelled_future() {
  cf::Future<int> future;
  future.cancel();
  return future;
}

inline cf::Future<int> notified_future() {
  cf::Future<int> future;
  future.cancel();
  future.set_running_or_notify_cancel();
  return future;
}

inline std::exception_ptr an_error() {
  return std::make_exception_ptr(std::system_error(EIO, std::generic_category(), "the disk"));
}

inline cf::Future<int> failed_future() {
  cf::Future<int> future;
  future.set_running_or_notify_cancel();
  future.set_exception(an_error());
  return future;
}

inline cf::Future<int> finished_future() {
  cf::Future<int> future;
  future.set_running_or_notify_cancel();
  future.set_result(42);
  return future;
}

/// Whether the list holds this very future.
template <class F>
bool holds(const std::vector<F>& futures, const F& future) {
  for (const F& one : futures) {
    if (one == future) return true;
  }
  return false;
}

}  // namespace conformance
