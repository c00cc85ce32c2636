// SPDX-License-Identifier: BSL-1.0
// A descriptor by which one thread wakes another that polls.
#pragma once

#include <concurrent/os/descriptor.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace concurrent::os::inline v0 {

/// -1, and errno set: there is none to be had.
inline int open_event() noexcept { return above_streams(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
/// It can be read from now on. Never blocks.
inline void set_event(int event) noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(event, &one, sizeof one));
}
/// Until it is set again, it cannot be read. Never blocks.
inline void clear_event(int event) noexcept {
  std::uint64_t count = 0;
  static_cast<void>(::read(event, &count, sizeof count));
}

}  // namespace concurrent::os::inline v0
