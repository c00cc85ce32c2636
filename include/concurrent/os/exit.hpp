// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/version.hpp>

#include <cstdlib>

namespace concurrent::os::inline v0 {

/// As std::atexit, for a handler that is told the status. Where the C library has no such thing it is EXIT_FAILURE: a
/// task that calls exit() is known to have failed, whatever it said.
inline void at_exit(void (*handler)(int status, void*)) noexcept {
#if defined(__GLIBC__) || defined(__UCLIBC__)
  ::on_exit(handler, nullptr);
#else
  static void (*kept)(int, void*) = handler;
  std::atexit([] { kept(EXIT_FAILURE, nullptr); });
#endif
}

}  // namespace concurrent::os::inline v0
