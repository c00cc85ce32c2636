// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concurrent/os/descriptor.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

namespace concurrent::os::inline v0 {

/// "SEGV"; null: the C library does not say.
inline const char* signal_abbreviation(int number) noexcept {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 32))
  return ::sigabbrev_np(number);
#else
  static_cast<void>(number);
  return nullptr;
#endif
}

/// A descriptor that can be read when one of these signals, which have to be blocked, was sent to this process. -1, and
/// errno set, where there is none to be had.
inline int open_signals(const sigset_t& set) noexcept {
  return above_streams(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}
/// Takes those that have come off it.
inline void drop_signals(int descriptor) noexcept {
  signalfd_siginfo ignored;
  while (::read(descriptor, &ignored, sizeof ignored) > 0) {
  }
}

}  // namespace concurrent::os::inline v0
